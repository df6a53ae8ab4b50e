/* Timed waits as they are when the wall clock of a machine is set, for a worker whose wall clock libfaketime invents.
 *
 * glibc's cnd_timedwait, which librdkafka waits with, hands an absolute time of the wall clock to the kernel; libfaketime
 * doesn't know it, so after a jump ahead the kernel would wait for a time that never comes. Here the wait ends when the
 * invented clock is past that time, looked at every 20 ms: sooner after a jump ahead, later after a jump back, as in earnest.
 * Preloaded by the scenario `clock-jumps`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, SLICE = 20000000 };

int cnd_timedwait(cnd_t *changed, mtx_t *lock, const struct timespec *until) {
    int (*wait)(cnd_t *, mtx_t *, const struct timespec *) = dlsym(RTLD_NEXT, "cnd_timedwait");
    for (;;) {
        struct timespec invented, real;
        clock_gettime(CLOCK_REALTIME, &invented);
        long long left = (long long)(until->tv_sec - invented.tv_sec) * SECOND + until->tv_nsec - invented.tv_nsec;
        if (left <= 0)
            return thrd_timedout;
        syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
        real.tv_nsec += left < SLICE ? left : SLICE;
        if (real.tv_nsec >= SECOND) {
            real.tv_sec++;
            real.tv_nsec -= SECOND;
        }
        int woken = wait(changed, lock, &real);
        if (woken != thrd_timedout)
            return woken;
    }
}
