/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Child processes. */
#define _GNU_SOURCE
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child: async-signal-safe calls alone, because other threads of the parent may hold locks. */
static _Noreturn void become(const struct sc_program *program, int report)
{
	sigset_t none;
	int failure;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (program->dies_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may hold descriptors that do not close themselves. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (dup2(program->input, 0) >= 0 && dup2(program->output, 1) >= 0 && dup2(program->errors, 2) >= 0)
		execvp(program->arguments[0], program->arguments);
	failure = errno;
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

int sc_spawn(const struct sc_program *program)
{
	int ends[2];
	int failure = 0;
	ssize_t count;
	pid_t child;

	/* The pipe closes itself in a program that could be started. */
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (!child)
		become(program, ends[1]);
	if (child < 0)
		failure = errno;
	close(ends[1]);
	do
		count = child < 0 ? 0 : read(ends[0], &failure, sizeof(failure));
	while (count < 0 && errno == EINTR);
	close(ends[0]);
	if (child > 0 && failure)
		waitpid(child, NULL, 0);
	return failure ? -failure : child;
}

int sc_wait_process(int process, int milliseconds, int *status)
{
	struct pollfd ended = { .events = POLLIN };
	int ready;

	ended.fd = syscall(SYS_pidfd_open, process, 0);
	if (ended.fd < 0)
		return -errno;
	do
		ready = poll(&ended, 1, milliseconds);
	while (ready < 0 && errno == EINTR);
	close(ended.fd);
	if (ready <= 0)
		return ready < 0 ? -errno : 0;
	/* Until waitpid its number names nothing else. */
	kill(-process, SIGKILL);
	return waitpid(process, status, 0) < 0 ? -errno : 1;
}

int sc_kill_group(int process, int signal)
{
	return kill(-process, signal) ? -errno : 0;
}

int sc_pipe(int *ends)
{
	return pipe2(ends, O_CLOEXEC) ? -errno : 0;
}

int sc_memory_file(void)
{
	int descriptor = memfd_create("output", MFD_CLOEXEC);

	return descriptor < 0 ? -errno : descriptor;
}

uint64_t sc_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
