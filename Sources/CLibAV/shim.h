#ifndef YEARBOOK_CLIBAV_SHIM_H
#define YEARBOOK_CLIBAV_SHIM_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/cpu.h>
#include <libavutil/crc.h>
#include <libavutil/dict.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

// Swift does not import function-like macros. These functions return their values.
static inline int yb_averror(int code) { return AVERROR(code); }
static inline int yb_averror_eagain(void) { return AVERROR(EAGAIN); }
static inline int yb_averror_eof(void) { return AVERROR_EOF; }
static inline int yb_averror_exit(void) { return AVERROR_EXIT; }
static inline int yb_averror_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int64_t yb_no_timestamp(void) { return AV_NOPTS_VALUE; }

// The CPU features that every processor of this architecture has. Forcing them makes libav choose
// the same code, and so the same rounding, on all processors.
static inline int yb_cpu_baseline(void) {
#if defined(__x86_64__)
  return AV_CPU_FLAG_MMX | AV_CPU_FLAG_MMXEXT | AV_CPU_FLAG_SSE | AV_CPU_FLAG_SSE2 |
         AV_CPU_FLAG_CMOV;
#elif defined(__aarch64__)
  return AV_CPU_FLAG_ARMV8 | AV_CPU_FLAG_NEON | AV_CPU_FLAG_VFP;
#else
  return 0;
#endif
}

// libav frees the chapters of a context itself, but its function that adds a chapter is private.
static inline int yb_add_chapter(AVFormatContext *context, int64_t id, AVRational time_base,
                                 int64_t start, int64_t end, const char *title) {
  AVChapter *chapter = av_mallocz(sizeof *chapter);
  if (!chapter) return AVERROR(ENOMEM);
  chapter->id = id;
  chapter->time_base = time_base;
  chapter->start = start;
  chapter->end = end;
  int result = av_dict_set(&chapter->metadata, "title", title, 0);
  if (result >= 0)
    result = av_dynarray_add_nofree(&context->chapters, (int *)&context->nb_chapters, chapter);
  if (result < 0) {
    av_dict_free(&chapter->metadata);
    av_free(chapter);
  }
  return result;
}

// The function is variadic, so it is not imported. It turns off libav's log: errors come as a
// status.
static inline void yb_be_quiet(void) { av_log_set_level(AV_LOG_QUIET); }

#endif
