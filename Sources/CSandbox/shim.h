#ifndef YEARBOOK_CSANDBOX_SHIM_H
#define YEARBOOK_CSANDBOX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef O_PATH  // glibc hides it without _GNU_SOURCE. The value is the same on x86-64 and ARM.
#define O_PATH 010000000
#endif

// A folder that is only a place to start from: no permission to list it is needed.
static inline int yb_folder_flags(void) { return O_PATH | O_DIRECTORY | O_CLOEXEC; }
// Opening a FIFO or device does not wait for its other end.
static inline int yb_file_flags(void) { return O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK; }

// glibc 2.36 has no wrapper for openat2, and its flags are 64-bit macros. The path is resolved
// below `directory`, and no link is followed.
static inline int yb_open_beneath(int directory, const char *path, int flags) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = (unsigned)flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    long result = syscall(SYS_openat2, directory, path, &how, sizeof how);
    // EAGAIN: a rename happened during the resolution. The kernel asks the caller to try again.
    if (result >= 0 || (errno != EINTR && errno != EAGAIN)) return (int)result;
  }
}

// One step of the same, without openat2: a name that is no path. Swift cannot call openat, because
// it takes a variable number of arguments.
static inline int yb_open_name(int directory, const char *name, int flags) {
  for (;;) {
    int result = openat(directory, name, flags | O_NOFOLLOW);
    // A link where a folder is wanted: tell it apart from a file, as openat2 does.
    if (result < 0 && errno == ENOTDIR) {
      struct stat status;
      int isLink = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISLNK(status.st_mode);
      errno = isLink ? ELOOP : ENOTDIR;
    }
    if (result >= 0 || errno != EINTR) return result;
  }
}

// Swift does not import function-like macros.
static inline int yb_has_exited(int status) { return WIFEXITED(status); }
static inline int yb_exit_status(int status) { return WEXITSTATUS(status); }
static inline int yb_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

// GNU extensions that Swift's Glibc module does not have. The pipe holds 1 MiB if the system allows
// it.
static inline int yb_pipe(int *ends) {
  if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -1;
  fcntl(ends[0], 1031 /* F_SETPIPE_SZ */, 1 << 20);
  return 0;
}

// Messages with descriptors. Swift does not import the macros for them. Returns the number of
// bytes, or -1.
static inline int yb_socket_pair(int *ends) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}
static inline long yb_send_job(int socket, const void *bytes, size_t count, int input, int output) {
  union {
    char room[CMSG_SPACE(2 * sizeof(int))];
    struct cmsghdr aligned;
  } control;
  memset(&control, 0, sizeof control);
  struct iovec part = {(void *)bytes, count};
  struct msghdr message = {0};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control.room;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(2 * sizeof(int));
  int descriptors[2] = {input, output};
  memcpy(CMSG_DATA(head), descriptors, sizeof descriptors);
  for (;;) {
    long sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0 || errno != EINTR) return sent;
  }
}
static inline long yb_receive_job(int socket, void *bytes, size_t count, int *input, int *output) {
  union {
    char room[CMSG_SPACE(2 * sizeof(int))];
    struct cmsghdr aligned;
  } control;
  struct iovec part = {bytes, count};
  struct msghdr message = {0};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control.room;
  long received;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  struct cmsghdr *head = received > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(2 * sizeof(int))) {
    int descriptors[2];
    memcpy(descriptors, CMSG_DATA(head), sizeof descriptors);
    *input = descriptors[0];
    *output = descriptors[1];
  }
  return received;
}

// Forks a process whose parent is our own parent, which can wait for it. glibc has no function for
// this. What glibc does around fork() is not needed in a process with one thread.
static inline int yb_fork_sibling(void) {
  return (int)syscall(SYS_clone, 0x8000 /* CLONE_PARENT */ | 17 /* SIGCHLD */, 0, 0, 0, 0);
}

// Thousands of frames are allocated and freed. Freed memory stays with the process. Otherwise it
// would be returned to the kernel and cleared again each time.
static inline void yb_keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

static inline int yb_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

static inline int yb_close_from(unsigned int first) {
  return (int)syscall(SYS_close_range, first, ~0U, 0);
}

// The resource names are an enum in glibc's C++ guard and an int elsewhere, so plain numbers are
// passed.
static inline int yb_limit(int resource, unsigned long soft, unsigned long hard) {
  struct rlimit limit = {soft, hard};
  return setrlimit(resource, &limit);
}
// The inherited limits; ~0 stands for none, also if they cannot be read.
static inline unsigned long yb_hard_limit(int resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 ? limit.rlim_max : ~0UL;
}
static inline unsigned long yb_soft_limit(int resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 ? limit.rlim_cur : ~0UL;
}
static inline int yb_rlimit_data(void) { return RLIMIT_DATA; }
static inline int yb_rlimit_as(void) { return RLIMIT_AS; }
static inline int yb_rlimit_cpu(void) { return RLIMIT_CPU; }
static inline int yb_rlimit_fsize(void) { return RLIMIT_FSIZE; }
static inline int yb_rlimit_nofile(void) { return RLIMIT_NOFILE; }
static inline int yb_rlimit_core(void) { return RLIMIT_CORE; }
static inline int yb_rlimit_nproc(void) { return RLIMIT_NPROC; }

// Tries from inside the sandbox what it must refuse. Each function returns 0 or the error number.
static inline int yb_try_open(const char *path) {
  return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) < 0 ? errno : 0;
}
static inline int yb_try_socket(int family) {
  return socket(family, SOCK_STREAM, 0) < 0 ? errno : 0;
}
static inline int yb_try_fork(void) {
  long child = syscall(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return child < 0 ? errno : 0;
}
static inline int yb_try_exec(const char *path) {
  char *const arguments[] = {(char *)path, NULL};
  char *const environment[] = {NULL};
  return execve(path, arguments, environment) < 0 ? errno : 0;
}
static inline int yb_try_executable_memory(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
  return page == MAP_FAILED ? errno : 0;
}

static inline void yb_kill_self(void) { syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGKILL); }
static inline void yb_wait_for_ever(unsigned int *word) {
  for (;;) syscall(SYS_futex, word, 0 /* FUTEX_WAIT */, *word, NULL, NULL, 0);
}

#if defined(__x86_64__)
#define YB_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define YB_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#define YB_ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define YB_ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define YB_REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define YB_KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define YB_LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
// Allows the call with any arguments.
#define YB_CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), YB_ALLOW
// Allows the call only with this descriptor.
#define YB_CALL_ON(name, descriptor)                                                     \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), YB_LOAD(YB_ARGUMENT(0)),       \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (descriptor), 0, 1), YB_ALLOW, YB_REFUSE
// Allows the call if its third argument, a memory protection, does not include execution.
#define YB_CALL_WITHOUT_EXEC(name)                                                       \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), YB_LOAD(YB_ARGUMENT(2)),       \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), YB_REFUSE, YB_ALLOW

// After this call the process can only compute, allocate and free memory, read by offset from
// `input`, write to `output` and exit. Everything else fails with EPERM. The call cannot be undone.
// Returns 0 or the error number.
static inline int yb_enter_sandbox(int input, int output) {
#ifndef YB_AUDIT_ARCH
  return ENOSYS;
#else
  struct sock_filter filter[] = {
      YB_LOAD(offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, YB_AUDIT_ARCH, 1, 0),
      YB_KILL,
      YB_LOAD(offsetof(struct seccomp_data, nr)),
      YB_CALL_ON(pread64, input),
      YB_CALL_ON(write, output),
      YB_CALL_WITHOUT_EXEC(mmap),
      YB_CALL_WITHOUT_EXEC(mprotect),
      YB_CALL(munmap),
      YB_CALL(mremap),
      YB_CALL(madvise),
      YB_CALL(brk),
      YB_CALL(futex),
      YB_CALL(sched_yield),
      YB_CALL(sched_getaffinity),
      YB_CALL(sysinfo),
      YB_CALL(getrandom),
      YB_CALL(clock_gettime),
      YB_CALL(gettimeofday),
      YB_CALL(rt_sigreturn),
      YB_CALL(rt_sigprocmask),
      YB_CALL(getpid),
      YB_CALL(gettid),
      // abort() uses it to raise its signal, only for this process.
      YB_CALL_ON(tgkill, getpid()),
      YB_CALL(exit),
      YB_CALL(exit_group),
      YB_REFUSE,
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return errno;
  return 0;
#endif
}

#endif
