/*
 * tests/unit/enforce/nest.c - test fixture of an enclave directory.
 */
#include "tests/unit/enforce/nest.h"

#include "base/assert.h"
#include "enforce/restore.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

uint64_t nest_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void must(enum assay_status status, const char *what)
{
    if (status == ASSAY_OK) return;
    fprintf(stderr, "nest: %s: %s\n", what, assay_status_text(status));
    abort();
}

void nest_swap(struct nest *nest, const char *program)
{
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    must(assay_restore_file(program, nest->path, message), program);
}

void nest_make(struct nest *nest)
{
    *nest = (struct nest){ 0 };
    snprintf(nest->folder, sizeof nest->folder, "/tmp/assay-test-nest-XXXXXX");
    ASSAY_ASSERT(mkdtemp(nest->folder) != NULL);
    snprintf(nest->path, sizeof nest->path, "%s/enclave", nest->folder);
    snprintf(nest->restore_path, sizeof nest->restore_path, "%s/pristine", nest->folder);
    snprintf(nest->service, sizeof nest->service, "%s/counter.sock", nest->folder);
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    must(assay_restore_file(ENCLAVE, nest->restore_path, message), "copy the enclave");
    nest_swap(nest, ENCLAVE);
    nest->ca = calloc(1, sizeof *nest->ca);
    nest->credential = calloc(1, sizeof *nest->credential);
    ASSAY_ASSERT(nest->ca != NULL && nest->credential != NULL);
    must(assay_soft_ca_create("Nest", 1700000000, 2000000000, nest->ca), "make a vendor");
    must(assay_soft_node_create(nest->ca, "nest", NULL, nest->credential), "make a credential");
    must(assay_store_memory_create(&nest->store), "make a store");
}

void nest_open(struct nest *nest)
{
    const struct assay_supervisor_config config = {
        .path = nest->path,
        .restore_path = nest->restore_path,
        .service_path = nest->service,
        .credential = nest->tpm == NULL && nest->source == NULL ? nest->credential : NULL,
        .tpm = nest->tpm,
        .source = nest->source,
        .quote_ms = nest->quote_ms,
        .close_ms = nest->close_ms,
        .store = nest->store,
        .grace_ms = 1000,
        .backoff_ms = 20,
    };
    char message[ASSAY_RUNTIME_MESSAGE_LEN];
    must(assay_supervisor_open(&config, &nest->supervisor, message), "open the supervisor");
    assay_supervisor_callbacks(nest->supervisor, &nest->enclave);
    nest->event_count = 0;
}

static void turn(struct nest *nest, int wait_ms)
{
    void *context = nest->enclave.context;
    struct pollfd fds[ASSAY_RUNTIME_ENCLAVE_FDS_MAX];
    const size_t count = nest->enclave.poll_set(context, fds, ASSAY_RUNTIME_ENCLAVE_FDS_MAX);
    const uint64_t now_ms = nest_now_ms(), wake_ms = nest->enclave.wake_at(context);
    if (wake_ms <= now_ms) wait_ms = 0;
    else if (wake_ms - now_ms < (uint64_t)wait_ms) wait_ms = (int)(wake_ms - now_ms);
    poll(fds, count, wait_ms);
    nest->enclave.step(context, nest_now_ms(), fds, count);
    struct assay_enclave_event event;
    while (nest->enclave.next(context, &event)) {
        ASSAY_ASSERT(nest->event_count < NEST_EVENTS_MAX);
        if (event.kind == ASSAY_ENCLAVE_QUOTE) {
            nest->quote_len = event.as.quote.bytes.len;
            if (nest->quote_len > 0)
                assay_bytes_copy(nest->quote, sizeof nest->quote, event.as.quote.bytes.bytes,
                                 nest->quote_len);
        }
        nest->events[nest->event_count++] = event;
    }
}

static const struct assay_enclave_event *seen(const struct nest *nest,
                                              enum assay_enclave_event_kind kind)
{
    for (size_t i = 0; i < nest->event_count; i++)
        if (nest->events[i].kind == kind) return &nest->events[i];
    return NULL;
}

const struct assay_enclave_event *nest_wait(struct nest *nest, enum assay_enclave_event_kind kind)
{
    const uint64_t end_ms = nest_now_ms() + 8000;
    while (seen(nest, kind) == NULL && nest_now_ms() < end_ms)
        turn(nest, 50);
    return seen(nest, kind);
}

void nest_turn_for(struct nest *nest, uint64_t ms)
{
    const uint64_t end_ms = nest_now_ms() + ms;
    while (nest_now_ms() < end_ms)
        turn(nest, 5);
}

void nest_forget(struct nest *nest)
{
    nest->event_count = 0;
}

bool nest_ask(struct nest *nest, const char *line, char *answer, size_t answer_len)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", nest->service);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = { .tv_sec = 2 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssize_t got = -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line))
        got = recv(fd, answer, answer_len - 1, 0);
    answer[got > 0 ? got : 0] = '\0';
    close(fd);
    return got > 0;
}

bool nest_close(struct nest *nest)
{
    return assay_supervisor_close(&nest->supervisor);
}

void nest_remove(struct nest *nest)
{
    ASSAY_ASSERT(nest_close(nest));
    assay_store_close(&nest->store);
    assay_soft_node_deinit(nest->credential);
    assay_soft_ca_wipe(nest->ca);
    free(nest->credential);
    free(nest->ca);
    DIR *folder = opendir(nest->folder);
    if (folder == NULL) return;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(nest->folder);
}
