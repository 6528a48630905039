/*
 * tests/byzantine/byzantine.c - slander and replay, on command.
 */
#include "tests/byzantine/byzantine.h"

#include "base/assert.h"
#include "engine/ledger/records/record.h"
#include "host/overlay/overlay.h"
#include "tests/byzantine/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct quote_seen {
    uint64_t epoch;
    uint32_t len;
    uint8_t digest[32];
};

struct traitor {
    bool quote_written;
    struct quote_seen last, before; /* of two epochs */
    uint8_t payload[ASSAY_RECORD_LEN_MAX];
    uint8_t row[ASSAY_BALLOT_ROW_LEN_MAX];
};

static struct traitor traitor;

/* ------------------------------------------------------------ commands */

static const char *command_path(void)
{
    return getenv("ASSAY_BYZANTINE");
}

/* Returns: true when the waiting command begins with that word; *number is what follows it. */
static bool commanded(const char *word, unsigned *number)
{
    char text[64] = "", found[32] = "";
    const char *path = command_path();
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    if (file == NULL) return false;
    const bool read = fgets(text, sizeof text, file) != NULL;
    (void)fclose(file);
    *number = 0;
    return read && sscanf(text, "%31s %u", found, number) >= 1 && strcmp(found, word) == 0;
}

static void obeyed(void)
{
    (void)unlink(command_path());
}

/* ------------------------------------------------------------ slander */

static bool slander(struct assay_effect *effect, unsigned slot)
{
    struct assay_record record;
    if (assay_record_decode(effect->as.sign.payload, &record) != ASSAY_OK) return false;
    if (record.kind != ASSAY_RECORD_BALLOT || slot / 2 >= record.ballot.row.len) return false;

    struct assay_ballot ballot = record.ballot;
    assay_bytes_copy(traitor.row, sizeof traitor.row, ballot.row.bytes, ballot.row.len);
    assay_votes_row_set(traitor.row, slot, ASSAY_OUTCOME_FAIL_HARD);
    ballot.row = assay_slice_over(traitor.row, ballot.row.len);

    uint8_t body_bytes[ASSAY_BALLOT_FIXED_LEN_MAX + 1024];
    struct assay_writer w = assay_writer_over(body_bytes, sizeof body_bytes);
    struct assay_slice body = { NULL, 0 };
    assay_ballot_encode(&ballot, &w);
    if (assay_writer_finish(&w, &body) != ASSAY_OK) return false;

    struct assay_writer out = assay_writer_over(traitor.payload, sizeof traitor.payload);
    size_t hole = 0;
    if (assay_record_put_ballot(&out, body, &hole) != ASSAY_OK) return false;
    assay_sha256(body.bytes, body.len, effect->as.sign.digest);
    effect->as.sign.payload = assay_slice_over(out.bytes, out.len);
    effect->as.sign.signature_at = hole;
    assay_bytes_copy(effect->as.sign.store_key.id, 32, effect->as.sign.digest, 32);
    return true;
}

/* ------------------------------------------------------------ replay */

static bool replay(struct assay_effect *effect)
{
    struct assay_envelope envelope;
    if (traitor.before.len == 0) return false;
    if (assay_envelope_decode(effect->as.sign.payload, &envelope) != ASSAY_OK) return false;
    if (traitor.before.epoch + 1 != envelope.epoch) return false;

    assay_bytes_copy(envelope.evidence_digest, 32, traitor.before.digest, 32);
    envelope.evidence_len = traitor.before.len;
    struct assay_writer out = assay_writer_over(traitor.payload, sizeof traitor.payload);
    size_t hole = 0;
    if (assay_envelope_encode(&envelope, &out, &hole) != ASSAY_OK) return false;
    assay_bytes_copy(effect->as.sign.digest, 32, envelope.digest, 32);
    effect->as.sign.payload = assay_slice_over(out.bytes, out.len);
    effect->as.sign.signature_at = hole;
    assay_bytes_copy(effect->as.sign.store_key.id, 32, envelope.digest, 32);
    return true;
}

/* ------------------------------------------------------------ hooks */

static bool on_effect(void *context, struct assay_runtime *host, struct assay_effect *effect)
{
    unsigned number = 0;
    (void)context;
    (void)host;
    if (effect->kind != ASSAY_EFFECT_SIGN) return true;
    if (effect->as.sign.message == ASSAY_MESSAGE_RECORD && commanded("slander", &number) &&
        slander(effect, number))
        obeyed();
    if (effect->as.sign.message == ASSAY_MESSAGE_ENVELOPE && commanded("replay", &number) &&
        replay(effect))
        obeyed();
    return true;
}

static void keep_quote(struct assay_slice bytes)
{
    char path[4096];
    if (traitor.quote_written || command_path() == NULL) return;
    (void)snprintf(path, sizeof path, "%s.quote", command_path());
    FILE *file = fopen(path, "we");
    if (file == NULL) return;
    traitor.quote_written = fwrite(bytes.bytes, 1, bytes.len, file) == bytes.len;
    (void)fclose(file);
}

static bool on_event(void *context, struct assay_runtime *host, struct assay_event *event)
{
    (void)context;
    (void)host;
    if (event->kind != ASSAY_EVENT_QUOTE || event->as.quote.bytes.len == 0) return true;
    const struct assay_slice bytes = event->as.quote.bytes;
    traitor.before = traitor.last;
    traitor.last.epoch = event->as.quote.epoch;
    traitor.last.len = (uint32_t)bytes.len;
    assay_sha256(bytes.bytes, bytes.len, traitor.last.digest);
    keep_quote(bytes);
    return true;
}

void assay_byzantine_hooks(struct assay_runtime_hooks *hooks)
{
    *hooks = (struct assay_runtime_hooks){ .effect = on_effect,
                                         .event = on_event,
                                         .frame = assay_lanes_hook() };
}

void assay_byzantine_overlay(uint32_t *above, uint32_t *degree)
{
    const char *text = getenv("ASSAY_TEST_OVERLAY");
    unsigned a = 0, d = 0;
    if (text == NULL) return;
    if (sscanf(text, "%u,%u", &a, &d) != 2) abort();
    if (a == 0 || d == 0 || d > ASSAY_OVERLAY_DEGREE_MAX) abort();
    *above = a;
    *degree = d;
}
