#ifndef YEARBOOK_CLIBXML2_SHIM_H
#define YEARBOOK_CLIBXML2_SHIM_H

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <string.h>

// Receives the parts of a document as they are read, and the first error. Later errors are mostly
// caused by the first one, and the library itself keeps only the last one.
typedef struct {
  const void *owner;
  // `attributes` has five pointers per attribute: local name, prefix, namespace, start and end of
  // the value.
  void (*begins)(const void *owner, const unsigned char *name, int line,
                 const unsigned char *const *attributes, int count);
  void (*text)(const void *owner, const unsigned char *bytes, int size);
  void (*ends)(const void *owner);
  // Called once, before the names of elements are freed, if the document is not well-formed. After
  // the first error no other part is passed on.
  void (*fails)(const void *owner);
  int code;
  int line;
  int column;
} yearbook_xml_visit;

static void yearbook_xml_begins(void *data, const xmlChar *name, const xmlChar *prefix,
                                const xmlChar *uri, int namespaces, const xmlChar **spaces,
                                int count, int defaulted, const xmlChar **attributes) {
  xmlParserCtxtPtr context = (xmlParserCtxtPtr)data;
  yearbook_xml_visit *visit = (yearbook_xml_visit *)context->_private;
  visit->begins(visit->owner, name, context->input ? context->input->line : 0,
                (const unsigned char *const *)attributes, count);
}

static void yearbook_xml_text(void *data, const xmlChar *bytes, int size) {
  yearbook_xml_visit *visit = (yearbook_xml_visit *)((xmlParserCtxtPtr)data)->_private;
  visit->text(visit->owner, bytes, size);
}

static void yearbook_xml_ends(void *data, const xmlChar *name, const xmlChar *prefix,
                              const xmlChar *uri) {
  yearbook_xml_visit *visit = (yearbook_xml_visit *)((xmlParserCtxtPtr)data)->_private;
  visit->ends(visit->owner);
}

// Only XML's five entities are allowed: an entity that a document declares could stand for
// anything.
static void yearbook_xml_declares(void *data, const xmlChar *name, int type, const xmlChar *public_id,
                                  const xmlChar *system_id, xmlChar *content) {
  xmlParserCtxtPtr context = (xmlParserCtxtPtr)data;
  yearbook_xml_visit *visit = (yearbook_xml_visit *)context->_private;
  if (visit->code == 0) {
    visit->code = XML_ERR_UNDECLARED_ENTITY;
    visit->line = context->input ? context->input->line : 0;
  }
  xmlStopParser(context);
}

// libxml2 2.12 made the error const. The cast below works with both versions.
static void yearbook_xml_note(void *data, const xmlError *error) {
  yearbook_xml_visit *visit = (yearbook_xml_visit *)((xmlParserCtxtPtr)data)->_private;
  if (visit == 0 || visit->code != 0) return;
  visit->code = error->code;
  visit->line = error->line;
  visit->column = error->int2;
}

// Reads a document from start to end without keeping it. Returns 0 if it is well-formed, -1 if
// there is not enough memory, otherwise 1.
static inline int yearbook_xml_scan(const char *bytes, int size, yearbook_xml_visit *visit) {
  xmlParserCtxtPtr context = xmlNewParserCtxt();
  if (context == 0) return -1;
  memset(context->sax, 0, sizeof *context->sax);
  context->sax->initialized = XML_SAX2_MAGIC;
  context->sax->startElementNs = yearbook_xml_begins;
  context->sax->endElementNs = yearbook_xml_ends;
  context->sax->characters = yearbook_xml_text;
  context->sax->ignorableWhitespace = yearbook_xml_text;
  context->sax->cdataBlock = yearbook_xml_text;
  context->sax->entityDecl = yearbook_xml_declares;
  context->sax->serror = (xmlStructuredErrorFunc)yearbook_xml_note;
  context->_private = visit;
  xmlDocPtr document = xmlCtxtReadMemory(context, bytes, size, 0, "UTF-8",
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  int is_sound = context->wellFormed && visit->code == 0;
  if (!is_sound) visit->fails(visit->owner);
  context->_private = 0;
  if (document) xmlFreeDoc(document);
  xmlFreeParserCtxt(context);
  return is_sound ? 0 : 1;
}

#endif
