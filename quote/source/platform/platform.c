/*
 * quote/source/platform/platform.c - protocol with one enclave, and its quotes; platform_run.c
 * loads and starts the process.
 */
#include "quote/source/platform/platform.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "quote/source/platform/platform_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FRAMES_PER_STEP = 32, /* an enclave that talks without end must not hold up the loop */
    QUOTE_DEADLINE_MS = 2000,
    PING_MS = 1000,
};

struct proposal {
    bool active;
    bool asked; /* by the enclave: the quote is being made */
    uint32_t id;
    uint64_t tag;
    uint64_t expires_ms;
    bool stated; /* as a statement: keyed_data may be quoted, too, and a list of keys may come */
    bool keyed;  /* keyed_data is being quoted */
    uint8_t report_data[64];
    uint8_t keyed_data[64];
    size_t keys_len;
};

struct assay_platform {
    struct assay_platform_config config;
    struct assay_platform_run run; /* of the process; channel -1 when there is none */
    struct assay_quoter *quoter;
    bool ready;
    bool states; /* the enclave takes statements */
    bool deaf;   /* the enclave closed its end or broke it */
    uint64_t received_ms, ping_ms;
    uint32_t next_id, mode_id;
    bool mode_confirmed;
    uint64_t refused;
    struct proposal proposal;
    bool has_answer;
    struct assay_platform_quote answer;
    uint8_t measurement[32];
    uint8_t quote[ASSAY_PLATFORM_QUOTE_MAX];
    uint8_t keys[ASSAY_CHANNEL_KEYS_MAX];
};

enum assay_status assay_platform_open(const struct assay_platform_config *config,
                                      struct assay_platform **out)
{
    ASSAY_ASSERT(config->make_quote != NULL);
    struct assay_platform *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->config = *config;
    if (self->config.quote_deadline_ms == 0) self->config.quote_deadline_ms = QUOTE_DEADLINE_MS;
    if (self->config.ping_ms == 0) self->config.ping_ms = PING_MS;
    assay_platform_run_none(&self->run);
    const struct assay_quoter_config quoter = {
        .context = config->context,
        .quote_len_max = sizeof self->quote,
        .make_quote = config->make_quote,
        .load = config->load,
        .release = config->release,
    };
    const enum assay_status status = assay_quoter_open(&quoter, &self->quoter);
    if (status != ASSAY_OK) {
        free(self);
        return status;
    }
    *out = self;
    return ASSAY_OK;
}

enum assay_status assay_platform_start(struct assay_platform *platform, const char *path,
                                       char *const *argv, uint64_t now_ms,
                                       struct assay_platform_child *child,
                                       char message[static ASSAY_PLATFORM_MESSAGE_LEN])
{
    if (platform->run.channel >= 0) {
        snprintf(message, ASSAY_PLATFORM_MESSAGE_LEN, "an enclave runs already");
        return ASSAY_E_AGAIN;
    }
    struct assay_platform_run run;
    ASSAY_TRY(assay_platform_run_start(path, argv, &run, platform->measurement, child, message));
    platform->run = run;
    ASSAY_ASSERT(platform->run.channel >= 0);
    platform->ready = platform->states = platform->deaf = platform->mode_confirmed = false;
    platform->received_ms = platform->ping_ms = now_ms;
    assay_quoter_load(platform->quoter, platform->measurement);
    return ASSAY_OK;
}

static void send_answer(struct assay_platform *self, enum assay_status status, size_t len)
{
    ASSAY_ASSERT(!self->has_answer && len <= sizeof self->quote);
    ASSAY_ASSERT(self->proposal.active);
    self->proposal.active = false;
    self->has_answer = true;
    self->answer = (struct assay_platform_quote){
        .tag = self->proposal.tag,
        .status = status,
        .bytes = assay_slice_over(self->quote, len),
        .keys = assay_slice_over(self->keys, self->proposal.keys_len),
        .keyed = status == ASSAY_OK && self->proposal.keyed,
    };
}

int assay_platform_ended(struct assay_platform *platform)
{
    const int error = assay_platform_run_error(&platform->run);
    assay_platform_run_close(&platform->run);
    platform->ready = false;
    if (platform->proposal.active) send_answer(platform, ASSAY_E_AGAIN, 0);
    return error;
}

bool assay_platform_ready(const struct assay_platform *platform)
{
    return platform->ready && !platform->deaf;
}

uint64_t assay_platform_last_frame_ms(const struct assay_platform *platform)
{
    return platform->received_ms;
}

void assay_platform_measurement(const struct assay_platform *platform,
                                uint8_t measurement[static 32])
{
    assay_bytes_copy(measurement, 32, platform->measurement, 32);
}

uint64_t assay_platform_refused(const struct assay_platform *platform)
{
    return platform->refused;
}

/* --------------------------------------------------------------- saying */

static enum assay_status send_frame(struct assay_platform *self, enum assay_channel_kind kind,
                                    uint32_t id, const void *body)
{
    ASSAY_ASSERT(self->run.channel >= 0);
    struct assay_channel_frame frame = { .kind = kind, .id = id };
    const size_t body_len = assay_channel_body_len(kind);
    ASSAY_ASSERT(body_len <= sizeof frame.body && (body != NULL || body_len == 0));
    if (body_len > 0) assay_bytes_copy(frame.body, sizeof frame.body, body, body_len);
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    const size_t len = assay_channel_encode(&frame, bytes);
    const ssize_t sent = send(self->run.channel, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == (ssize_t)len) return ASSAY_OK;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) self->deaf = true;
    return ASSAY_E_AGAIN;
}

static enum assay_status propose_frame(struct assay_platform *self, enum assay_channel_kind kind,
                                       const uint8_t *body, const struct proposal *what,
                                       uint64_t now_ms)
{
    if (!assay_platform_ready(self)) return ASSAY_E_AGAIN;
    const uint32_t id = ++self->next_id;
    ASSAY_TRY(send_frame(self, kind, id, body));
    self->proposal = *what;
    self->proposal.active = true;
    self->proposal.id = id;
    self->proposal.expires_ms = now_ms + self->config.quote_deadline_ms;
    self->has_answer = false;
    ASSAY_ASSERT(!self->proposal.asked && self->proposal.keys_len == 0);
    return ASSAY_OK;
}

enum assay_status assay_platform_propose(struct assay_platform *platform, uint64_t tag,
                                         const uint8_t report_data[static 64], uint64_t now_ms)
{
    struct proposal what = { .tag = tag };
    assay_bytes_copy(what.report_data, 64, report_data, 64);
    return propose_frame(platform, ASSAY_CHANNEL_PROPOSE, report_data, &what, now_ms);
}

enum assay_status assay_platform_propose_statement(struct assay_platform *platform, uint64_t tag,
                                                   const struct assay_platform_statement *statement,
                                                   uint64_t now_ms)
{
    uint8_t body[ASSAY_CHANNEL_STATEMENT_LEN];
    struct proposal what = { .tag = tag, .stated = true };
    if (!platform->states)
        return assay_platform_propose(platform, tag, statement->keyless_data, now_ms);
    assay_bytes_copy(what.report_data, 64, statement->keyless_data, 64);
    assay_bytes_copy(what.keyed_data, 64, statement->keyed_data, 64);
    assay_channel_statement_encode(&statement->fields, body);
    return propose_frame(platform, ASSAY_CHANNEL_STATEMENT, body, &what, now_ms);
}

enum assay_status assay_platform_set_mode(struct assay_platform *platform,
                                          enum assay_channel_mode mode)
{
    if (!assay_platform_ready(platform)) return ASSAY_E_AGAIN;
    const uint8_t body = (uint8_t)mode;
    const uint32_t id = ++platform->next_id;
    ASSAY_TRY(send_frame(platform, ASSAY_CHANNEL_MODE, id, &body));
    platform->mode_id = id;
    platform->mode_confirmed = false;
    return ASSAY_OK;
}

bool assay_platform_mode_confirmed(const struct assay_platform *platform)
{
    return platform->mode_confirmed;
}

/* --------------------------------------------------------------- hearing */

/* The caller's clock is arbitrary; quotes use the system's clock. */
static uint64_t deadline_after(uint64_t ms)
{
    return assay_monotonic_ms() + ms;
}

/* The enclave asks for a quote: only over what its daemon proposed, once, and only while it lives.
 */
static void receive_quote(struct assay_platform *self, const struct assay_channel_frame *frame,
                          uint64_t now_ms)
{
    struct proposal *proposal = &self->proposal;
    const bool keyed = proposal->stated && assay_bytes_equal(frame->body, proposal->keyed_data, 64);
    if (!proposal->active || proposal->asked || frame->id != proposal->id ||
        !(keyed || assay_bytes_equal(frame->body, proposal->report_data, 64))) {
        self->refused++;
        return;
    }
    if (!assay_platform_run_alive(&self->run)) {
        send_answer(self, ASSAY_E_AGAIN, 0);
        return;
    }
    const uint64_t left = proposal->expires_ms > now_ms ? proposal->expires_ms - now_ms : 0;
    struct assay_quoter_job job = { .id = proposal->id, .deadline_ms = deadline_after(left) };
    assay_bytes_copy(job.measurement, sizeof job.measurement, self->measurement, 32);
    assay_bytes_copy(job.report_data, sizeof job.report_data, frame->body, 64);
    proposal->asked = true;
    proposal->keyed = keyed;
    assay_quoter_submit(self->quoter, &job);
}

/* The enclave lists its keys: once, before it asks for the quote. */
static void receive_keys(struct assay_platform *self, const struct assay_channel_frame *frame)
{
    struct proposal *proposal = &self->proposal;
    if (!proposal->active || !proposal->stated || proposal->asked || proposal->keys_len > 0 ||
        frame->id != proposal->id) {
        self->refused++;
        return;
    }
    proposal->keys_len = frame->body_len;
    assay_bytes_copy(self->keys, sizeof self->keys, frame->body, frame->body_len);
}

/* The quote was made: it counts while the enclave that asked for it lives. */
static void take_quote(struct assay_platform *self)
{
    enum assay_status status = ASSAY_OK;
    size_t len = 0;
    if (!self->proposal.active || !self->proposal.asked) return;
    if (!assay_quoter_take(self->quoter, self->proposal.id, &status, self->quote,
                           sizeof self->quote, &len))
        return;
    ASSAY_ASSERT(len <= sizeof self->quote);
    if (!assay_platform_run_alive(&self->run)) send_answer(self, ASSAY_E_AGAIN, 0);
    else send_answer(self, status, len);
}

static void on_frame(struct assay_platform *self, const struct assay_channel_frame *frame,
                     uint64_t now_ms)
{
    switch (frame->kind) {
    case ASSAY_CHANNEL_HELLO:
        if (self->ready) self->refused++;
        self->ready = true;
        return;
    case ASSAY_CHANNEL_STATES:
        if (self->ready) self->refused++;
        else self->states = true;
        return;
    case ASSAY_CHANNEL_KEYS: receive_keys(self, frame); return;
    case ASSAY_CHANNEL_QUOTE: receive_quote(self, frame, now_ms); return;
    case ASSAY_CHANNEL_MODE_SET:
        if (frame->id == self->mode_id) self->mode_confirmed = true;
        return;
    case ASSAY_CHANNEL_PONG: return; /* it only shows that the peer is alive */
    case ASSAY_CHANNEL_PROPOSE:
    case ASSAY_CHANNEL_MODE:
    case ASSAY_CHANNEL_STATEMENT:
    case ASSAY_CHANNEL_PING: self->refused++; return; /* sent by us only */
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

/* Returns: false when nothing more is there. */
static bool receive_one(struct assay_platform *self, uint64_t now_ms)
{
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX + 1];
    size_t len = 0;
    const enum assay_status status =
        assay_platform_run_receive(&self->run, bytes, sizeof bytes, &len);
    if (status == ASSAY_E_AGAIN) return false;
    if (status == ASSAY_E_IO) {
        self->deaf = true;
        return false;
    }
    ASSAY_ASSERT(status != ASSAY_OK || len <= sizeof bytes);
    struct assay_channel_frame frame;
    if (status != ASSAY_OK || assay_channel_decode(bytes, len, &frame) != ASSAY_OK) {
        self->refused++;
        return true;
    }
    self->received_ms = now_ms;
    on_frame(self, &frame, now_ms);
    return true;
}

void assay_platform_step(struct assay_platform *platform, uint64_t now_ms)
{
    if (platform->run.channel < 0) return;
    for (int i = 0; i < FRAMES_PER_STEP && !platform->deaf; i++)
        if (!receive_one(platform, now_ms)) break;
    take_quote(platform);
    if (platform->proposal.active && now_ms >= platform->proposal.expires_ms)
        send_answer(platform, ASSAY_E_TIMEOUT, 0);
    if (!assay_platform_ready(platform)) return;
    if (now_ms < platform->ping_ms + platform->config.ping_ms) return;
    platform->ping_ms = now_ms;
    assay_status_ignore(send_frame(platform, ASSAY_CHANNEL_PING, ++platform->next_id, NULL),
                        "one that cannot be told is not heard either: heard_ms shows it");
}

uint64_t assay_platform_wake_at(const struct assay_platform *platform)
{
    if (platform->run.channel < 0) return UINT64_MAX;
    uint64_t at = UINT64_MAX;
    if (platform->proposal.active) at = platform->proposal.expires_ms;
    if (assay_platform_ready(platform)) {
        const uint64_t ping = platform->ping_ms + platform->config.ping_ms;
        at = ping < at ? ping : at;
    }
    return at;
}

size_t assay_platform_poll_set(const struct assay_platform *platform, struct pollfd *fds,
                               size_t capacity)
{
    size_t count = 0;
    if (platform->run.channel < 0) return 0;
    if (!platform->deaf && count < capacity)
        fds[count++] = (struct pollfd){ .fd = platform->run.channel, .events = POLLIN };
    if (platform->proposal.active && platform->proposal.asked && count < capacity)
        fds[count++] = (struct pollfd){ .fd = assay_quoter_fd(platform->quoter), .events = POLLIN };
    ASSAY_ASSERT(count <= capacity);
    return count;
}

bool assay_platform_next(struct assay_platform *platform, struct assay_platform_quote *quote)
{
    if (!platform->has_answer) return false;
    platform->has_answer = false;
    *quote = platform->answer;
    ASSAY_ASSERT(!platform->proposal.active);
    return true;
}

bool assay_platform_close(struct assay_platform **platform, uint32_t wait_ms)
{
    if (*platform == NULL) return true;
    assay_platform_run_close(&(*platform)->run);
    const bool ended = assay_quoter_close(&(*platform)->quoter, wait_ms);
    free(*platform);
    *platform = NULL;
    return ended;
}
