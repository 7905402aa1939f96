// Linux system headers that Swift's Glibc and Musl modules leave out, and the processor's hint that Swift has no word
// for. Darwin's module has all else that is needed.
//
// _GNU_SOURCE must not be defined here: it changes structures (fd_set, utsname) that the Glibc module has already
// defined without it, and the compiler refuses the two versions. The calls that it hides are declared instead.
#ifndef MARTLET_SYSTEM_H
#define MARTLET_SYSTEM_H

// Begins to bring a cache line in; any address will do, also one that is not mapped.
static inline void martlet_prefetch(const void *address) { __builtin_prefetch(address); }

#ifdef __linux__
#include <malloc.h>
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#endif
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>

// What glibc's mallinfo2 returns. Older systems lack the function, so that it is looked for when it is called.
struct martlet_malloc_figures {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
typedef struct martlet_malloc_figures (*martlet_malloc_function)(void);

// From the Swift runtime: a symbol's name as it is written in Swift, to be freed; null if it is no Swift symbol.
extern char *swift_demangle(const char *name, size_t length, char *buffer, size_t *buffer_size, uint32_t flags);

#ifndef _GNU_SOURCE
extern int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);
// Its last argument is a cpu_set_t, which is hidden, too.
extern int sched_setaffinity(pid_t, size_t, const void *);
#endif

// For the calling thread; a mask of processors, in native words.
static inline int martlet_set_affinity(size_t size, const void *mask) { return sched_setaffinity(0, size, mask); }
// prctl is variadic, which Swift cannot call. For the process and its threads.
static inline int martlet_disable_huge_pages(void) { return prctl(PR_SET_THP_DISABLE, 1UL, 0UL, 0UL, 0UL); }
#endif

#endif
