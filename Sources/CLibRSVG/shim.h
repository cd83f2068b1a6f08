#ifndef YEARBOOK_CLIBRSVG_SHIM_H
#define YEARBOOK_CLIBRSVG_SHIM_H

#include <librsvg/rsvg.h>

#endif
