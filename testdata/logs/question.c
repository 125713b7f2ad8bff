// The question of the README: F_ADD_SEALS says EBUSY, and there is no writable mapping.
// Build with cc -static, run under strace -f -ttt -T.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	static char buf[4096];
	int pipe[2], fd = memfd_create("notes", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ftruncate(fd, 8192);
	pwrite(fd, "dear diary", 10, 0);
	char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE); // a mapping that may become writable
	munmap(map, 8192);

	pipe2(pipe, O_CLOEXEC);
	off64_t off = 0;
	splice(fd, &off, pipe[1], NULL, 4096, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE); // a page that a pipe holds
	read(pipe[0], buf, sizeof buf);

	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	fcntl(fd, F_GET_SEALS);
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	mprotect(map, 8192, PROT_READ | PROT_WRITE);
	pwrite(fd, "again", 5, 0);
	return 0;
}
