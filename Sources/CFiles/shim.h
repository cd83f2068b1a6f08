#ifndef YEARBOOK_CFILES_SHIM_H
#define YEARBOOK_CFILES_SHIM_H

// glibc declares syncfs only under _GNU_SOURCE, which Swift's module of it is not built with.
extern int syncfs(int descriptor);

static inline int yb_syncfs(int descriptor) { return syncfs(descriptor); }

#endif
