/* Loaded into a program with LD_PRELOAD, makes calls fail below a folder, as file systems do that cannot do everything.
 *
 * REFUSE_ROOT  the folder
 * REFUSE       words with a space in between: CALL=ERRNO. The calls: link, renamenew (a rename that must not replace),
 *              movefolder (a rename of a folder that is older than the process, as of one in an image's lower layer),
 *              syncfs, flock, chmod, fchmod, create (a file or folder). And statvfs=zero, statvfs=ones.
 * REFUSE_LOG   a file that gets a line for each call that was refused
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static time_t began;
static long began_ns;

__attribute__((constructor)) static void begin(void) {
  struct timespec now;
  // As file systems take their times: a precise clock is ahead of theirs.
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  began = now.tv_sec;
  began_ns = now.tv_nsec;
}

#define NEXT(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (!next) next = dlsym(RTLD_NEXT, name)

/* The value of a word, or NULL. */
static const char *value(const char *name) {
  const char *words = getenv("REFUSE");
  size_t length = strlen(name);
  while (words && *words) {
    if (strncmp(words, name, length) == 0 && words[length] == '=') return words + length + 1;
    words = strchr(words, ' ');
    if (words) words++;
  }
  return NULL;
}

/* Whether a name in an open folder is below the root, or is the root. */
static int below(int folder, const char *name) {
  char link[64], path[8192] = "", root[4096];
  const char *given = getenv("REFUSE_ROOT");
  if (!given || !realpath(given, root)) return 0;
  if (name && name[0] == '/') {
    snprintf(path, sizeof path, "%s", name);
  } else if (folder == AT_FDCWD) {
    if (!getcwd(path, 4096)) return 0;
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t count = readlink(link, path, 4096);
    if (count < 0) return 0;
    path[count] = 0;
    if (name) {
      strcat(path, "/");
      strncat(path, name, 4000);
    }
  }
  size_t length = strlen(root);
  return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int refused(const char *name, int folder, const char *path) {
  const char *number = value(name);
  if (!number || !below(folder, path)) return 0;
  const char *log = getenv("REFUSE_LOG");
  FILE *file = log ? fopen(log, "ae") : NULL;
  if (file) {
    fprintf(file, "%s %s\n", name, path ? path : "");
    fclose(file);
  }
  errno = atoi(number);
  return 1;
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
  NEXT(int, "linkat", int, const char *, int, const char *, int);
  if (refused("link", to, new)) return -1;
  return next(from, old, to, new, flags);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  NEXT(int, "renameat2", int, const char *, int, const char *, unsigned);
  if (flags && refused("renamenew", to, new)) return -1;
  return next(from, old, to, new, flags);
}

/* Whether a folder is older than this process: on overlayfs, one of the image's. */
static int is_old_folder(int folder, const char *name) {
  struct stat status;
  struct statx_timestamp *birth;
  struct statx found;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) return 0;
  if (statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &found) != 0 || !(found.stx_mask & STATX_BTIME)) return 0;
  birth = &found.stx_btime;
  return birth->tv_sec < began || (birth->tv_sec == began && birth->tv_nsec < began_ns);
}

int renameat(int from, const char *old, int to, const char *new) {
  NEXT(int, "renameat", int, const char *, int, const char *);
  if (value("movefolder") && is_old_folder(from, old) && refused("movefolder", from, old)) return -1;
  return next(from, old, to, new);
}

int syncfs(int file) {
  NEXT(int, "syncfs", int);
  if (refused("syncfs", file, NULL)) return -1;
  return next(file);
}

int flock(int file, int operation) {
  NEXT(int, "flock", int, int);
  if (operation != LOCK_UN && refused("flock", file, NULL)) return -1;
  return next(file, operation);
}

int chmod(const char *path, mode_t mode) {
  NEXT(int, "chmod", const char *, mode_t);
  if (refused("chmod", AT_FDCWD, path)) return -1;
  return next(path, mode);
}

int fchmod(int file, mode_t mode) {
  NEXT(int, "fchmod", int, mode_t);
  if (refused("fchmod", file, NULL)) return -1;
  return next(file, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  NEXT(int, "openat", int, const char *, int, ...);
  if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) && refused("create", folder, path)) return -1;
  return next(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  NEXT(int, "open", const char *, int, ...);
  if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) && refused("create", AT_FDCWD, path)) return -1;
  return next(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int mkdirat(int folder, const char *path, mode_t mode) {
  NEXT(int, "mkdirat", int, const char *, mode_t);
  if (refused("create", folder, path)) return -1;
  return next(folder, path, mode);
}

static void lie(struct statvfs *status) {
  const char *word = value("statvfs");
  if (!word) return;
  if (strncmp(word, "zero", 4) == 0) status->f_blocks = status->f_bfree = status->f_bavail = 0;
  if (strncmp(word, "ones", 4) == 0) status->f_bfree = status->f_bavail = ~0UL;
}

int statvfs(const char *path, struct statvfs *status) {
  NEXT(int, "statvfs", const char *, struct statvfs *);
  int outcome = next(path, status);
  if (outcome == 0) lie(status);
  return outcome;
}

int statvfs64(const char *path, struct statvfs64 *status) {
  NEXT(int, "statvfs64", const char *, struct statvfs64 *);
  int outcome = next(path, status);
  if (outcome == 0) lie((struct statvfs *)status);
  return outcome;
}
