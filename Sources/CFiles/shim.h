#ifndef YEARBOOK_CFILES_SHIM_H
#define YEARBOOK_CFILES_SHIM_H

// Not the C library's headers: their types would be another module's than Glibc's.
#include <asm/unistd.h>
#include <linux/openat2.h>

// glibc declares syncfs only with _GNU_SOURCE. Swift's Glibc module is built without it.
extern int syncfs(int descriptor);

static inline int yb_syncfs(int descriptor) { return syncfs(descriptor); }

// Declared only with _GNU_SOURCE, too.
extern int renameat2(int from, const char *old_name, int to, const char *new_name, unsigned flags);

// Renames a file, and fails with EEXIST where the new name is taken. Many file systems do not know the flag: EINVAL.
static inline int yb_rename_new(int from, const char *old_name, int to, const char *new_name) {
  return renameat2(from, old_name, to, new_name, 1 /* RENAME_NOREPLACE */);
}

// O_TMPFILE without O_DIRECTORY, which it needs beside it: the same on all machines that Swift knows.
static inline int yb_unnamed_file_flag(void) { return 020000000; }

// The same. A pthread_t is a number on Linux.
extern int pthread_setname_np(unsigned long thread, const char *name);

static inline int yb_name_thread(unsigned long thread, const char *name) {
  return pthread_setname_np(thread, name);
}

extern long syscall(long number, ...);

// What is at a path below an open one, where no part of the path is a symbolic link; -1 with errno where it is not
// there, where there is a link, or where the kernel or a filter around this process does not allow the call.
static inline int yb_open_beneath(int folder, const char *path, unsigned long long flags) {
  struct open_how how = {
      .flags = flags,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  return (int)syscall(__NR_openat2, folder, path, &how, sizeof how);
}

#endif
