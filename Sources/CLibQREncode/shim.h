#ifndef YEARBOOK_CLIBQRENCODE_SHIM_H
#define YEARBOOK_CLIBQRENCODE_SHIM_H

#include <qrencode.h>

#endif
