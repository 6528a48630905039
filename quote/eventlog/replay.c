/*
 * quote/eventlog/replay.c - replay of a log: extension of registers with its events.
 */
#include "quote/eventlog/replay.h"

#include "base/assert.h"
#include "quote/tpm_format.h"

void assay_replay_init(struct assay_replay *replay)
{
    *replay = (struct assay_replay){ 0 };
}

enum assay_status assay_replay_start(struct assay_replay *replay, uint32_t reg, uint16_t alg)
{
    ASSAY_ASSERT(reg < ASSAY_EVENT_REGISTERS);
    const size_t len = assay_event_hash_len(alg);
    if (len == 0) return ASSAY_E_UNSUPPORTED;
    /* PCRs 17 to 22 start at ones; extending them requires a dynamic launch, which zeroes them
     * first (PC Client Platform TPM Profile, 4.6.2). */
    replay->registers[reg] = (struct assay_replayed){ .alg = alg, .len = len };
    return ASSAY_OK;
}

/* "StartupLocality", NUL, locality: PCR 0 began with that number instead of zero. */
static enum assay_status take_locality(struct assay_replay *replay,
                                       const struct assay_boot_event *event)
{
    static const char signature[] = "StartupLocality";
    struct assay_replayed *const pcr0 = &replay->registers[0];
    ASSAY_ASSERT(pcr0->len <= sizeof pcr0->value);
    if (event->reg != 0 || event->data.len != sizeof signature + 1) return ASSAY_OK;
    if (!assay_bytes_equal(event->data.bytes, signature, sizeof signature)) return ASSAY_OK;
    const uint8_t locality = event->data.bytes[sizeof signature];
    if (locality != 0 && locality != 3 && locality != 4) return ASSAY_E_RANGE;
    if (replay->has_locality || pcr0->events > 0) return ASSAY_E_INVALID;
    replay->has_locality = true;
    if (pcr0->alg != 0) pcr0->value[pcr0->len - 1] = locality;
    return ASSAY_OK;
}

static enum assay_status digest_for(const struct assay_boot_event *event, uint16_t alg,
                                    uint8_t digest[static ASSAY_MEASUREMENT_MAX])
{
    if (event->type == ASSAY_EV_IMA)
        return assay_ima_digest(event, alg, digest) > 0 ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
    for (size_t i = 0; i < event->digest_count; i++) {
        if (event->digests[i].alg != alg) continue;
        ASSAY_ASSERT(event->digests[i].bytes.len <= ASSAY_MEASUREMENT_MAX);
        assay_bytes_copy(digest, ASSAY_MEASUREMENT_MAX, event->digests[i].bytes.bytes,
                         event->digests[i].bytes.len);
        return ASSAY_OK;
    }
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status assay_replay_extend(struct assay_replay *replay,
                                      const struct assay_boot_event *event)
{
    uint8_t both[2 * ASSAY_MEASUREMENT_MAX];
    uint8_t digest[ASSAY_MEASUREMENT_MAX];
    if (!assay_event_extends(event)) return take_locality(replay, event);
    ASSAY_ASSERT(event->reg < ASSAY_EVENT_REGISTERS);
    struct assay_replayed *const r = &replay->registers[event->reg];
    if (r->alg == 0) return ASSAY_OK;
    ASSAY_ASSERT(r->len > 0 && r->len <= sizeof r->value);
    ASSAY_TRY(digest_for(event, r->alg, digest));
    assay_bytes_copy(both, sizeof both, r->value, r->len);
    assay_bytes_copy(both + r->len, sizeof both - r->len, digest, r->len);
    const size_t len = assay_event_hash(r->alg, assay_slice_over(both, 2 * r->len), r->value);
    ASSAY_ASSERT(len == r->len);
    r->events += 1;
    return ASSAY_OK;
}
