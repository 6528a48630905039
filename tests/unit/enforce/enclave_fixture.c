/*
 * tests/unit/enforce/enclave_fixture.c - test fixture of an enclave directory.
 */
#include "tests/unit/enforce/enclave_fixture.h"

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

uint64_t fixture_now_ms(void)
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

void fixture_swap(struct fixture *fixture, const char *program)
{
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    must(assay_enforce_restore_file(program, fixture->path, message), program);
}

void fixture_make(struct fixture *fixture)
{
    *fixture = (struct fixture){ 0 };
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/assay-test-nest-XXXXXX");
    ASSAY_ASSERT(mkdtemp(fixture->folder) != NULL);
    snprintf(fixture->path, sizeof fixture->path, "%s/enclave", fixture->folder);
    snprintf(fixture->restore_path, sizeof fixture->restore_path, "%s/pristine", fixture->folder);
    snprintf(fixture->service, sizeof fixture->service, "%s/counter.sock", fixture->folder);
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    must(assay_enforce_restore_file(ENCLAVE, fixture->restore_path, message), "copy the enclave");
    fixture_swap(fixture, ENCLAVE);
    fixture->ca = calloc(1, sizeof *fixture->ca);
    fixture->credential = calloc(1, sizeof *fixture->credential);
    ASSAY_ASSERT(fixture->ca != NULL && fixture->credential != NULL);
    must(assay_soft_ca_create("Nest", 1700000000, 2000000000, fixture->ca), "make a vendor");
    must(assay_soft_node_create(fixture->ca, "nest", NULL, fixture->credential),
         "make a credential");
    must(assay_store_memory_create(&fixture->store), "make a store");
}

void fixture_open(struct fixture *fixture)
{
    const struct assay_supervisor_config config = {
        .path = fixture->path,
        .restore_path = fixture->restore_path,
        .service_path = fixture->service,
        .credential = fixture->tpm == NULL && fixture->source == NULL ? fixture->credential : NULL,
        .tpm = fixture->tpm,
        .source = fixture->source,
        .quote_ms = fixture->quote_ms,
        .close_ms = fixture->close_ms,
        .store = fixture->store,
        .grace_ms = 1000,
        .backoff_ms = 20,
    };
    char message[ASSAY_RUNTIME_MESSAGE_LEN];
    must(assay_supervisor_open(&config, &fixture->supervisor, message), "open the supervisor");
    assay_supervisor_callbacks(fixture->supervisor, &fixture->enclave);
    fixture->event_count = 0;
}

static void turn(struct fixture *fixture, int wait_ms)
{
    void *context = fixture->enclave.context;
    struct pollfd fds[ASSAY_RUNTIME_ENCLAVE_FDS_MAX];
    const size_t count = fixture->enclave.poll_set(context, fds, ASSAY_RUNTIME_ENCLAVE_FDS_MAX);
    const uint64_t now_ms = fixture_now_ms(), wake_ms = fixture->enclave.wake_at(context);
    if (wake_ms <= now_ms) wait_ms = 0;
    else if (wake_ms - now_ms < (uint64_t)wait_ms) wait_ms = (int)(wake_ms - now_ms);
    poll(fds, count, wait_ms);
    fixture->enclave.step(context, fixture_now_ms(), fds, count);
    struct assay_enclave_event event;
    while (fixture->enclave.next(context, &event)) {
        ASSAY_ASSERT(fixture->event_count < FIXTURE_EVENTS_MAX);
        if (event.kind == ASSAY_ENCLAVE_QUOTE) {
            fixture->quote_len = event.as.quote.bytes.len;
            if (fixture->quote_len > 0)
                assay_bytes_copy(fixture->quote, sizeof fixture->quote, event.as.quote.bytes.bytes,
                                 fixture->quote_len);
        }
        fixture->events[fixture->event_count++] = event;
    }
}

static const struct assay_enclave_event *seen(const struct fixture *fixture,
                                              enum assay_enclave_event_kind kind)
{
    for (size_t i = 0; i < fixture->event_count; i++)
        if (fixture->events[i].kind == kind) return &fixture->events[i];
    return NULL;
}

const struct assay_enclave_event *fixture_wait(struct fixture *fixture,
                                               enum assay_enclave_event_kind kind)
{
    const uint64_t end_ms = fixture_now_ms() + 30000;
    while (seen(fixture, kind) == NULL && fixture_now_ms() < end_ms)
        turn(fixture, 50);
    return seen(fixture, kind);
}

void fixture_turn_for(struct fixture *fixture, uint64_t ms)
{
    const uint64_t end_ms = fixture_now_ms() + ms;
    while (fixture_now_ms() < end_ms)
        turn(fixture, 5);
}

void fixture_forget(struct fixture *fixture)
{
    fixture->event_count = 0;
}

bool fixture_ask(struct fixture *fixture, const char *line, char *answer, size_t answer_len)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fixture->service);
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

bool fixture_close(struct fixture *fixture)
{
    return assay_supervisor_close(&fixture->supervisor);
}

void fixture_remove(struct fixture *fixture)
{
    ASSAY_ASSERT(fixture_close(fixture));
    assay_store_close(&fixture->store);
    assay_soft_node_deinit(fixture->credential);
    assay_soft_ca_wipe(fixture->ca);
    free(fixture->credential);
    free(fixture->ca);
    DIR *folder = opendir(fixture->folder);
    if (folder == NULL) return;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(fixture->folder);
}
