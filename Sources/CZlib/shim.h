#ifndef YEARBOOK_CZLIB_SHIM_H
#define YEARBOOK_CZLIB_SHIM_H

// The input of a stream is not changed.
#define ZLIB_CONST
#include <zlib.h>

// deflateInit2 is a macro, which Swift does not import. A negative window means no header and no trailer, as in a zip
// archive.
static inline int yb_deflate_start(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

#endif
