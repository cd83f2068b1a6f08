#ifndef YEARBOOK_CFILES_SHIM_H
#define YEARBOOK_CFILES_SHIM_H

// glibc declares syncfs only with _GNU_SOURCE. Swift's Glibc module is built without it.
extern int syncfs(int descriptor);

static inline int yb_syncfs(int descriptor) { return syncfs(descriptor); }

#endif
