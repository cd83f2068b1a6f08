/* Runs a command below system call filters, as a service manager or a container's runtime sets them.
 *
 * filter RULE... -- COMMAND...
 *
 * CALL=ERROR                the call fails with this error, such as ENOSYS
 * CALL:N&MASK=VALUE=ERROR   the same where argument N (from zero), masked, is VALUE; numbers as in C
 * only:FILE                 the process is killed at any call that FILE, one name a line, does not name
 *
 * libseccomp builds the filters. It is loaded at run time: systemd needs it, its headers are rarely
 * there. A name that it does not know on this processor is left out.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct comparison {
  unsigned argument;
  int operation;
  uint64_t mask, value;
};

enum { MASKED_EQUAL = 7 };
static const uint32_t ALLOW = 0x7fff0000, KILL = 0x80000000, FAIL = 0x00050000;

static void *(*init)(uint32_t);
static int (*add)(void *, uint32_t, int, unsigned, const struct comparison *);
static int (*resolve)(const char *);
static int (*load)(void *);

static void give_up(const char *what) {
  fprintf(stderr, "filter: %s\n", what);
  exit(99);
}

static int number(const char *error) {
  for (int code = 1; code < 134; code++) {
    const char *name = strerrorname_np(code);
    if (name && strcmp(name, error) == 0) return code;
  }
  give_up(error);
  return 0;
}

/* A call that this processor does not have has a negative number. */
static void rule(void *filter, uint32_t action, const char *name, unsigned count,
                 const struct comparison *comparison) {
  int call = resolve(name);
  if (call >= 0 && add(filter, action, call, count, comparison) != 0) give_up(name);
}

static void *only(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) give_up(path);
  void *filter = init(KILL);
  char name[128];
  while (fscanf(file, "%127s", name) == 1) rule(filter, ALLOW, name, 0, NULL);
  fclose(file);
  return filter;
}

static void refuse(void *filter, char *text) {
  char *error = strrchr(text, '=');
  if (!error) give_up(text);
  *error++ = 0;
  char *argument = strchr(text, ':');
  struct comparison comparison = {0, MASKED_EQUAL, 0, 0};
  if (argument) {
    *argument++ = 0;
    comparison.argument = (unsigned)strtoul(argument, &argument, 0);
    if (*argument++ != '&') give_up(text);
    comparison.mask = strtoull(argument, &argument, 0);
    if (*argument++ != '=') give_up(text);
    comparison.value = strtoull(argument, NULL, 0);
  }
  rule(filter, FAIL | (uint32_t)number(error), text, argument ? 1 : 0, &comparison);
}

int main(int count, char **words) {
  void *library = dlopen("libseccomp.so.2", RTLD_NOW);
  if (!library) give_up("libseccomp.so.2 is not installed");
  *(void **)&init = dlsym(library, "seccomp_init");
  *(void **)&add = dlsym(library, "seccomp_rule_add_array");
  *(void **)&resolve = dlsym(library, "seccomp_syscall_resolve_name");
  *(void **)&load = dlsym(library, "seccomp_load");
  int place = 1;
  void *filter = init(ALLOW), *last = NULL;
  for (; place < count && strcmp(words[place], "--") != 0; place++) {
    if (strncmp(words[place], "only:", 5) == 0)
      last = only(words[place] + 5);
    else
      refuse(filter, words[place]);
  }
  if (place + 1 >= count) give_up("no command");
  if (load(filter) != 0) give_up("the filter is refused");
  /* Last, as systemd does: it may not allow to load another. */
  if (last && load(last) != 0) give_up("the list of calls is refused");
  execvp(words[place + 1], words + place + 1);
  give_up(strerror(errno));
}
