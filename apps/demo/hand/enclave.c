/*
 * apps/demo/hand/enclave.c - demo enclave whose state is a counter, over libassay-continuity alone:
 * a state counts when the group has certified it.
 *
 * DIR has its sealed files. The key is in this program: INSECURE.
 */
#include "apps/demo/hand/hand.h"

#include "base/bytes.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <assay/continuity.h>

#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 1000, READ_MS = 100, CHECKPOINT_MAX = 512 };

struct self {
    const char *dir;
    struct assay_continuity *handle;
    uint64_t count;
};

static struct assay_continuity_status status_of(const struct self *self)
{
    struct assay_continuity_status status = { .size = sizeof status };
    assay_status_ignore(assay_continuity_get_status(self->handle, &status), "zeros then");
    return status;
}

static const char *format_hex(const uint8_t digest[static 32])
{
    static char text[4][65];
    static unsigned turn;
    char *const out = text[turn++ % 4];
    assay_hex_encode(digest, 32, out, sizeof text[0]);
    return out;
}

static int report_end(const struct self *self, enum assay_continuity_result result)
{
    const struct assay_continuity_status s = status_of(self);
    const unsigned long long certified = s.certified, given = s.given, session = s.session;
    if (result == ASSAY_CONTINUITY_ROLLBACK)
        hand_say("rollback handed %llu %s certified %llu %s", given, format_hex(s.given_digest),
                 certified, format_hex(s.certified_digest));
    else if (result == ASSAY_CONTINUITY_FENCED)
        hand_say("fenced session %llu at state %llu", session, certified);
    else if (result == ASSAY_CONTINUITY_HALTED)
        hand_say("halted at state %llu: the group's memory is gone; the state is kept", certified);
    else if (result == ASSAY_CONTINUITY_OTHER_CHAIN)
        hand_say("chain: the state is of another chain or group; nothing was sent");
    else
        return hand_fail("%s at state %llu: %s (%s)", assay_continuity_name(result), certified,
                         assay_continuity_reason(self->handle), assay_continuity_describe(result));
    return HAND_REFUSED;
}

static bool goes_on(uint64_t until_ms)
{
    return !service_asked_to_end && assay_monotonic_ms() < until_ms;
}

/* In: argv: SOCKET GROUP DIR INDEX CHECKPOINT. A real one creates its instance when it is
 * provisioned, and never because its folder is empty. */
static int start_session(struct self *self, char **argv)
{
    uint8_t *checkpoint = NULL;
    struct assay_continuity_options options = { .size = sizeof options,
                                                .daemon = argv[0],
                                                .group = (uint32_t)strtoul(argv[1], NULL, 10),
                                                .folder = argv[2],
                                                .key = hand_sealing_key.bytes };
    if (assay_file_read(argv[4], CHECKPOINT_MAX, &checkpoint, &options.checkpoint_len) != ASSAY_OK)
        return hand_fail("%s cannot be read", argv[4]);
    options.checkpoint = checkpoint;
    const bool is_new = access(hand_in(argv[2], "identity"), F_OK) != 0;
    enum assay_continuity_result result = is_new ? assay_continuity_create(&options, &self->handle)
                                                 : assay_continuity_open(&options, &self->handle);
    free(checkpoint);
    if (result == ASSAY_CONTINUITY_OK) result = ASSAY_CONTINUITY_IN_DOUBT;
    const uint64_t until_ms = assay_monotonic_ms() + HAND_PATIENCE_MS;
    while (result == ASSAY_CONTINUITY_IN_DOUBT && goes_on(until_ms))
        result = assay_continuity_start(self->handle, WAIT_MS);
    if (result != ASSAY_CONTINUITY_OK) return report_end(self, result);
    const struct assay_continuity_status s = status_of(self);
    size_t len = 0;
    const uint64_t *const count = assay_continuity_state(self->handle, &len, NULL);
    if (len == sizeof *count) self->count = *count;
    hand_say("found %llu %s session %llu", (unsigned long long)s.certified,
             format_hex(s.certified_digest), (unsigned long long)s.session);
    hand_say("runs %llu", (unsigned long long)s.certified);
    return HAND_OK;
}

static int advance_state(struct self *self)
{
    const uint64_t until_ms = assay_monotonic_ms() + HAND_PATIENCE_MS, next = self->count + 1;
    enum assay_continuity_result result =
        assay_continuity_save(self->handle, &next, sizeof next, WAIT_MS);
    const uint64_t index = status_of(self).given;
    while (result == ASSAY_CONTINUITY_IN_DOUBT && goes_on(until_ms))
        result = assay_continuity_wait(self->handle, index, WAIT_MS);
    if (result != ASSAY_CONTINUITY_OK) return report_end(self, result);
    self->count = next;
    return HAND_OK;
}

/* Somebody reads, again and again: each time the group is asked whether this is the newest one. */
static int be_read(struct self *self)
{
    bool said = false, doubted = false;
    while (!service_asked_to_end) {
        enum assay_continuity_result result = assay_continuity_confirm(self->handle, WAIT_MS);
        const unsigned long long index = status_of(self).certified;
        if (result == ASSAY_CONTINUITY_OK && !said) hand_say("read %llu", index);
        if (result == ASSAY_CONTINUITY_OK) said = true;
        if (result == ASSAY_CONTINUITY_IN_DOUBT && !doubted) hand_say("doubts %llu", index);
        if (result == ASSAY_CONTINUITY_IN_DOUBT) doubted = true;
        else if (result != ASSAY_CONTINUITY_OK) return report_end(self, result);
        result = assay_continuity_step(self->handle, READ_MS);
        if (result != ASSAY_CONTINUITY_OK) return report_end(self, result);
    }
    return HAND_OK;
}

int hand_enclave(int argc, char **argv)
{
    struct self self = { .dir = argv[2] };
    const uint64_t until = strtoull(argv[3], NULL, 10);
    int status = start_session(&self, argv);
    while (status == HAND_OK && status_of(&self).certified < until && !service_asked_to_end)
        status = advance_state(&self);
    const struct assay_continuity_status s = status_of(&self);
    if (status == HAND_OK)
        hand_say("certified %llu %s", (unsigned long long)s.certified,
                 format_hex(s.certified_digest));
    if (status == HAND_OK && argc > 5) status = be_read(&self);
    assay_continuity_close(&self.handle);
    return status;
}
