#ifndef YEARBOOK_CLIBAV_SHIM_H
#define YEARBOOK_CLIBAV_SHIM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#endif
