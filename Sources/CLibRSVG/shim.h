#ifndef YEARBOOK_CLIBRSVG_SHIM_H
#define YEARBOOK_CLIBRSVG_SHIM_H

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <librsvg/rsvg.h>

// g_object_unref takes a pointer to any object. Swift cannot pass the imported opaque types to it.
static inline void yb_rsvg_free(RsvgHandle *handle) { g_object_unref(handle); }

#endif
