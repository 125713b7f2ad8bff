#define _GNU_SOURCE
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>
#include <pthread.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <sys/uio.h>
static int r, w, fd;
static void *drain(void *x) { char b[8192]; usleep(30000); read(r, b, sizeof b); return 0; }
static void h(int s) {}
int main() {
	pthread_t t; int p[2]; char *m; loff_t off = 0;
	fd = memfd_create("notes", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ftruncate(fd, 8192); pwrite(fd, "0123456789", 10, 4000);
	m = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	munmap(m, 8192);
	pipe2(p, O_CLOEXEC); r = p[0]; w = p[1];
	splice(fd, &off, w, 0, 4096, 0);
	signal(SIGUSR1, h);
	pthread_create(&t, 0, drain, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK);
	pthread_join(t, 0);
	fcntl(fd, F_GET_SEALS);
	write(fd, "x", 1);
	int g = memfd_create("shared", MFD_ALLOW_SEALING); ftruncate(g, 4096);
	m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, g, 0); m[0] = 1;
	struct iovec v = { m, 4096 };
	if (!fork()) { usleep(20000); _exit(0); }
	munmap(m, 4096);
	fcntl(g, F_ADD_SEALS, F_SEAL_WRITE);
	wait(0);
	fcntl(g, F_ADD_SEALS, F_SEAL_WRITE);
	int ro = open("/proc/self/fd/3", O_RDONLY); fcntl(ro, F_ADD_SEALS, F_SEAL_GROW);
	m = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
	mprotect(m, 8192, PROT_READ | PROT_WRITE);
	v.iov_base = m; vmsplice(w, &v, 1, 0);
	ftruncate(fd, 0); fcntl(g, F_ADD_SEALS, F_SEAL_SEAL); fcntl(g, F_ADD_SEALS, F_SEAL_GROW);
	return 0;
}
