/*
 * net/http/machine.c - machine metrics.
 */
#include "net/http/machine.h"
#include "base/system_clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static uint64_t count_files(void)
{
    uint64_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) return 0;
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count > 3 ? count - 3 : 0; /* ".", "..", and this one */
}

static void read_process(struct assay_http_content *book)
{
    ASSAY_ASSERT(book != NULL);
    struct rusage used;
    char line[128], *resident = line; /* "MAPPED RESIDENT ..", in pages */
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)strtoull(line, &resident, 10);
        book->rss_bytes = strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    if (file != NULL) (void)fclose(file);
    if (getrusage(RUSAGE_SELF, &used) == 0)
        book->cpu_ms = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
    book->fds = count_files();
}

/* The disk of the store. A hanging disk delays the requester, not the node. */
static void read_disk(const char *state_dir, struct assay_http_content *book)
{
    struct statvfs disk;
    if (state_dir == NULL || statvfs(state_dir, &disk) != 0) return;
    book->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    book->disk_size_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
}

void assay_http_read_machine(const char *state_dir, struct assay_http_content *book)
{
    ASSAY_ASSERT(book != NULL);
    read_process(book);
    read_disk(state_dir, book);
    book->now_unix_s = assay_unix_s();
}
