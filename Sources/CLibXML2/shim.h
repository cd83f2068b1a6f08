#ifndef YEARBOOK_CLIBXML2_SHIM_H
#define YEARBOOK_CLIBXML2_SHIM_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

// libxml2 2.12 made the result of xmlCtxtGetLastError const; read through here, both versions
// look alike to Swift.
static inline int yearbook_xml_error(xmlParserCtxtPtr context, int *line, int *column) {
  const xmlError *error = xmlCtxtGetLastError(context);
  if (error == 0) return 0;
  *line = error->line;
  *column = error->int2;
  return error->code;
}

// `xmlFree` is a global variable, which Swift does not let concurrent code read.
static inline void yearbook_xml_free(void *memory) { xmlFree(memory); }

#endif
