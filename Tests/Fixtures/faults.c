/* Loaded into a program with LD_PRELOAD, makes the Nth change or opening of a file below a folder fail.
 *
 * FAULT_ROOT  the folder
 * FAULT_NTH   which call, from one
 * FAULT_KIND  EIO or ENOSPC: the call fails; KILL: the process is gone before the call, or in the midst of a
 *             write
 * FAULT_EVER  1: all later calls fail too
 * FAULT_LOG   a file that is made when a call was hit; its content names the call
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char is_ours[4096];
static int calls;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open");
  real_write = dlsym(RTLD_NEXT, "write");
}

static int below(const char *path) {
  const char *root = getenv("FAULT_ROOT");
  return root && path && strncmp(path, root, strlen(root)) == 0;
}

/* Whether a name in an open folder is below the root. */
static int below_at(int folder, const char *name) {
  char link[64], path[8192], root[4096];
  if (!name || name[0] == '/' || folder == AT_FDCWD) return below(name);
  const char *given = getenv("FAULT_ROOT");
  if (!given || !realpath(given, root)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t count = readlink(link, path, 4096);
  if (count < 0) return 0;
  snprintf(path + count, sizeof path - (size_t)count, "/%s", name);
  size_t length = strlen(root);
  return strncmp(path, root, length) == 0 && path[length] == '/';
}

/* 0: go on, 1: fail with errno, 2: be killed */
static int fault(const char *name) {
  const char *nth = getenv("FAULT_NTH"), *ever = getenv("FAULT_EVER"), *log = getenv("FAULT_LOG");
  const char *kind = getenv("FAULT_KIND");
  if (!nth || !kind) return 0;
  int now = __sync_add_and_fetch(&calls, 1);
  if (now < atoi(nth) || (now > atoi(nth) && !(ever && *ever == '1'))) return 0;
  if (log && now == atoi(nth)) {
    int file = real_open(log, O_WRONLY | O_CREAT, 0644);
    if (file >= 0) {
      if (real_write(file, name, strlen(name)) < 0) abort();
      close(file);
    }
  }
  if (strcmp(kind, "KILL") == 0) return 2;
  errno = strcmp(kind, "EIO") == 0 ? EIO : ENOSPC;
  return 1;
}

static int broken(const char *name) {
  int what = fault(name);
  if (what == 2) kill(getpid(), SIGKILL);
  return what;
}

#define NEXT(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (!next) next = dlsym(RTLD_NEXT, name)

static int opened(int file, const char *path) {
  if (file >= 0 && file < (int)sizeof is_ours) is_ours[file] = below(path);
  return file;
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  if (!(flags & O_DIRECTORY) && below(path) && broken("open")) return -1;
  return opened(real_open(path, flags, mode), path);
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  if (!(flags & O_DIRECTORY) && below(path) && broken("open")) return -1;
  return opened(real_open(path, flags, mode), path);
}

static int opened_at(int file, int is_below) {
  if (file >= 0 && file < (int)sizeof is_ours) is_ours[file] = is_below;
  return file;
}

/* A folder that is opened on the way to a file is no call of its own. */
int openat(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  NEXT(int, "openat", int, const char *, int, ...);
  int is_below = !(flags & O_DIRECTORY) && below_at(folder, path);
  if (is_below && broken("open")) return -1;
  return opened_at(next(folder, path, flags, mode), is_below);
}

int openat64(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  NEXT(int, "openat64", int, const char *, int, ...);
  int is_below = !(flags & O_DIRECTORY) && below_at(folder, path);
  if (is_below && broken("open")) return -1;
  return opened_at(next(folder, path, flags, mode), is_below);
}

int renameat(int from, const char *old, int to, const char *new) {
  NEXT(int, "renameat", int, const char *, int, const char *);
  if (below_at(to, new) && broken("rename")) return -1;
  return next(from, old, to, new);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
  NEXT(int, "linkat", int, const char *, int, const char *, int);
  if (below_at(to, new) && broken("link")) return -1;
  return next(from, old, to, new, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  NEXT(int, "mkdirat", int, const char *, mode_t);
  if (below_at(folder, path) && broken("mkdir")) return -1;
  return next(folder, path, mode);
}

int unlinkat(int folder, const char *path, int flags) {
  NEXT(int, "unlinkat", int, const char *, int);
  if (below_at(folder, path) && broken(flags & AT_REMOVEDIR ? "rmdir" : "unlink")) return -1;
  return next(folder, path, flags);
}

ssize_t write(int file, const void *bytes, size_t count) {
  if (file >= 0 && file < (int)sizeof is_ours && is_ours[file]) {
    int what = fault("write");
    if (what == 2) {
      if (real_write(file, bytes, count / 2) >= 0) kill(getpid(), SIGKILL);
      abort();
    }
    if (what) return -1;
  }
  return real_write(file, bytes, count);
}

int syncfs(int file) {
  NEXT(int, "syncfs", int);
  if (file >= 0 && file < (int)sizeof is_ours && is_ours[file] && broken("syncfs")) return -1;
  return next(file);
}

int fsync(int file) {
  NEXT(int, "fsync", int);
  if (file >= 0 && file < (int)sizeof is_ours && is_ours[file] && broken("fsync")) return -1;
  return next(file);
}

int rename(const char *from, const char *to) {
  NEXT(int, "rename", const char *, const char *);
  if (below(to) && broken("rename")) return -1;
  return next(from, to);
}

int link(const char *from, const char *to) {
  NEXT(int, "link", const char *, const char *);
  if (below(to) && broken("link")) return -1;
  return next(from, to);
}

int mkdir(const char *path, mode_t mode) {
  NEXT(int, "mkdir", const char *, mode_t);
  if (below(path) && broken("mkdir")) return -1;
  return next(path, mode);
}

int unlink(const char *path) {
  NEXT(int, "unlink", const char *);
  if (below(path) && broken("unlink")) return -1;
  return next(path);
}

int rmdir(const char *path) {
  NEXT(int, "rmdir", const char *);
  if (below(path) && broken("rmdir")) return -1;
  return next(path);
}
