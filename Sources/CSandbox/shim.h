#ifndef YEARBOOK_CSANDBOX_SHIM_H
#define YEARBOOK_CSANDBOX_SHIM_H

#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc 2.36 has no wrapper for openat2.
static inline long yb_openat2(int directory, const char *path, struct open_how *how) {
  return syscall(SYS_openat2, directory, path, how, sizeof *how);
}

#endif
