/*
 * quote/source/platform/platform.h - SOFT platform: simulated hardware under one enclave process.
 *
 * What a CPU does for an SGX enclave it does for a process, for development and the demo:
 *   load      the executable is copied into a memfd, sealed against every change, and the sealed
 *             bytes are measured (SHA-256): a path, or a descriptor of a file, can be overwritten
 *             between measuring and executing
 *   run       exactly those bytes, in a process group of their own, with one socket pair to us
 *   quote     for that process while its pidfd is alive, at the request of the process itself
 *             (platform_channel.h), over report_data that the daemon proposed, with the measurement
 *             of the load
 *
 * The caller owns the life of the process: it waits for the pidfd, signals, reaps, and tells with
 * assay_platform_ended. Nothing blocks; all descriptors are polled by the caller. Quotes are made
 * in a thread of their own, because hardware may stand behind make_quote.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_H

#include "quote/source/platform/platform_channel.h"
#include "quote/source/platform/quoter.h"

#include <poll.h>

enum {
    ASSAY_PLATFORM_IMAGE_MAX = 64 * 1024 * 1024, /* an executable; ours has one megabyte */
    ASSAY_PLATFORM_QUOTE_MAX = 32 * 1024,        /* evidence on the wire (docs/architecture.md) */
    ASSAY_PLATFORM_MESSAGE_LEN = 256,
};

struct assay_platform;

/* The callbacks run in a thread of their own (quoter.h), and context belongs to it. */
struct assay_platform_config {
    /* Signs: makes one quote. Returns: ASSAY_OK and quote[*len] | why not */
    enum assay_status (*make_quote)(void *context, const struct assay_quoter_job *job,
                                    uint8_t *quote, size_t capacity, size_t *len);
    /* Called after an image was loaded; may be NULL. */
    void (*load)(void *context, const uint8_t measurement[static 32]);
    void (*release)(void *context); /* the context is not used any more; may be NULL */
    void *context;
    uint32_t quote_deadline_ms; /* from a proposal to its quote; 0: 2000 */
    uint32_t ping_ms;           /* how often the enclave is asked whether it is there; 0: 1000 */
};

struct assay_platform_child {
    int64_t pid; /* leader of its process group */
    int pidfd;   /* the caller's: to poll, signal, wait for and close */
};

/* The answer to a proposal. */
struct assay_platform_quote {
    uint64_t tag;
    enum assay_status
        status; /* ASSAY_OK | ASSAY_E_TIMEOUT | ASSAY_E_AGAIN (the enclave ended) | as make_quote */
    struct assay_slice bytes; /* empty unless ASSAY_OK; borrowed until the next call */
    /* Of a statement: what the enclave sent as the list of its keys, hostile; empty: nothing. */
    struct assay_slice keys;
    bool keyed; /* the evidence binds the keys that the statement names */
};

/* What an enclave that takes statements hashes itself. */
struct assay_platform_statement {
    struct assay_channel_statement fields;
    uint8_t keyed_data[64];   /* that hash, when the enclave has all keys of fields.keys_root */
    uint8_t keyless_data[64]; /* when it has not; proposed to an enclave that takes no statements */
};

/* On failure release is not called. Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_IO (no thread) */
ASSAY_CHECKED enum assay_status assay_platform_open(const struct assay_platform_config *config,
                                                    struct assay_platform **out);
/*
 * assay_platform_start - load, measure and run the executable that path names now.
 * In:      argv as for execve; the enclave's end of the channel is descriptor ASSAY_CHANNEL_FD,
 *          standard input is empty, the environment too; it is killed when this process ends
 * Out:     *child on ASSAY_OK; message has the reason otherwise
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (one runs already) | ASSAY_E_NOT_FOUND | ASSAY_E_RANGE (empty,
 * too large, no regular file) | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_platform_start(
    struct assay_platform *platform, const char *path, char *const *argv, uint64_t now_ms,
    struct assay_platform_child *child, char message[static ASSAY_PLATFORM_MESSAGE_LEN]);
/* The process is gone: its channel is closed, nothing is quoted any more. Returns: the errno with
 * which it could not be executed, 0 when it ran. */
int assay_platform_ended(struct assay_platform *platform);

/* Returns: true from HELLO of the enclave until it ended. */
bool assay_platform_ready(const struct assay_platform *platform);
/* Returns: time of the enclave's last frame (monotonic ms); its start counts. */
uint64_t assay_platform_last_frame_ms(const struct assay_platform *platform);
/* The measurement of what was loaded last; zero before. */
void assay_platform_measurement(const struct assay_platform *platform,
                                uint8_t measurement[static 32]);
/* Returns: frames of the enclave that broke a rule: malformed, unasked for, from another process.
 */
uint64_t assay_platform_refused(const struct assay_platform *platform);

/*
 * assay_platform_propose - have the enclave ask for a quote over report_data.
 *
 * One proposal at a time: a newer one replaces one that was not answered, without an answer.
 * Returns: ASSAY_OK (next will answer) | ASSAY_E_AGAIN (no enclave is ready, or it does not read)
 */
ASSAY_CHECKED enum assay_status assay_platform_propose(struct assay_platform *platform,
                                                       uint64_t tag,
                                                       const uint8_t report_data[static 64],
                                                       uint64_t now_ms);
/* The same with a statement: the platform quotes either hash of it, and nothing else. */
ASSAY_CHECKED enum assay_status assay_platform_propose_statement(
    struct assay_platform *platform, uint64_t tag, const struct assay_platform_statement *statement,
    uint64_t now_ms);
/* Send the enclave its mode. Returns: ASSAY_OK (sent) | ASSAY_E_AGAIN (as propose) */
ASSAY_CHECKED enum assay_status assay_platform_set_mode(struct assay_platform *platform,
                                                        enum assay_channel_mode mode);
/* Returns: true when the enclave confirmed the mode that was sent last. */
bool assay_platform_mode_confirmed(const struct assay_platform *platform);

/* Returns: how many of fds[capacity] were written. */
size_t assay_platform_poll_set(const struct assay_platform *platform, struct pollfd *fds,
                               size_t capacity);
/* Read what is there (a bounded number of frames), send pings, check deadlines.
 */
void assay_platform_step(struct assay_platform *platform, uint64_t now_ms);
/* Returns: when step wants to be called at the latest; UINT64_MAX: never. */
uint64_t assay_platform_wake_at(const struct assay_platform *platform);
/* Returns: true and the answer to the proposal, once. */
bool assay_platform_next(struct assay_platform *platform, struct assay_platform_quote *quote);

/* Does not end the process: the caller has. Waits for a quote that is being made, at most wait_ms.
 * Accepts a pointer to NULL; nulls it. Returns: true, or false when that one did not come back:
 * release is called when it does (assay_quoter_close). */
bool assay_platform_close(struct assay_platform **platform, uint32_t wait_ms);

#endif
