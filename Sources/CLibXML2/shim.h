#ifndef YEARBOOK_CLIBXML2_SHIM_H
#define YEARBOOK_CLIBXML2_SHIM_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

// The first error of a document; those after it are mostly its consequences, and the library itself keeps
// only the last.
typedef struct {
  int code;
  int line;
  int column;
} yearbook_xml_fault;

// libxml2 2.12 made the error const; the cast below fits both.
static void yearbook_xml_note(void *data, const xmlError *error) {
  yearbook_xml_fault *fault = (yearbook_xml_fault *)((xmlParserCtxtPtr)data)->_private;
  if (fault == 0 || fault->code != 0) return;
  fault->code = error->code;
  fault->line = error->line;
  fault->column = error->int2;
}

// Reads a document and notes its first error.
static inline xmlDocPtr yearbook_xml_read(xmlParserCtxtPtr context, const char *bytes, int size,
                                          int options, yearbook_xml_fault *fault) {
  context->_private = fault;
  context->sax->serror = (xmlStructuredErrorFunc)yearbook_xml_note;
  xmlDocPtr document = xmlCtxtReadMemory(context, bytes, size, 0, "UTF-8", options);
  context->_private = 0;
  return document;
}

// `xmlFree` is a global variable, which Swift does not let concurrent code read.
static inline void yearbook_xml_free(void *memory) { xmlFree(memory); }

#endif
