/*
 * quote/source/platform/platform_channel.c - encoder and decoder of the frames between a SOFT
 * platform and its enclave.
 */
#include "quote/source/platform/platform_channel.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

size_t assay_channel_body_len(enum assay_channel_kind kind)
{
    switch (kind) {
#define BODY_LEN(symbol, number, name, len)                                                        \
    case symbol: return len;
        ASSAY_CHANNEL_LIST(BODY_LEN)
#undef BODY_LEN
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

/* Is it the length of a body of this kind? */
static bool fits(enum assay_channel_kind kind, size_t len)
{
    const size_t most = assay_channel_body_len(kind);
    return kind == ASSAY_CHANNEL_KEYS ? len > 0 && len <= most : len == most;
}

size_t assay_channel_encode(const struct assay_channel_frame *in,
                            uint8_t frame[static ASSAY_CHANNEL_FRAME_MAX])
{
    const size_t body_len =
        in->kind == ASSAY_CHANNEL_KEYS ? in->body_len : assay_channel_body_len(in->kind);
    ASSAY_ASSERT(fits(in->kind, body_len));
    struct assay_writer out = assay_writer_over(frame, ASSAY_CHANNEL_FRAME_MAX);
    assay_writer_u8(&out, ASSAY_CHANNEL_VERSION);
    assay_writer_u8(&out, (uint8_t)in->kind);
    assay_writer_u16be(&out, (uint16_t)body_len);
    assay_writer_u32be(&out, in->id);
    assay_writer_put(&out, in->body, body_len);
    ASSAY_ASSERT(!out.full);
    ASSAY_ASSERT(out.len == 8 + body_len);
    return out.len;
}

static bool known_kind(uint8_t kind)
{
    return kind >= ASSAY_CHANNEL_PROPOSE && kind <= ASSAY_CHANNEL_STATES;
}

static bool known_mode(uint8_t mode)
{
    return mode >= ASSAY_CHANNEL_MODE_FULL && mode <= ASSAY_CHANNEL_MODE_SUSPENDED;
}

enum assay_status assay_channel_decode(const uint8_t *bytes, size_t len,
                                       struct assay_channel_frame *out)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_channel_frame frame = { 0 };
    uint8_t version = 0, kind = 0;
    uint16_t body_len = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    if (version != ASSAY_CHANNEL_VERSION) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    if (!known_kind(kind)) return ASSAY_E_UNSUPPORTED;
    frame.kind = (enum assay_channel_kind)kind;
    ASSAY_TRY(assay_cursor_u16be(&in, &body_len));
    if (!fits(frame.kind, body_len)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_u32be(&in, &frame.id));
    ASSAY_ASSERT(body_len <= sizeof frame.body);
    frame.body_len = body_len;
    ASSAY_TRY(assay_cursor_copy(&in, frame.body, body_len));
    ASSAY_TRY(assay_cursor_end(&in));
    const bool has_mode = frame.kind == ASSAY_CHANNEL_MODE || frame.kind == ASSAY_CHANNEL_MODE_SET;
    if (has_mode && !known_mode(frame.body[0])) return ASSAY_E_RANGE;
    ASSAY_ASSERT(in.pos == len);
    *out = frame;
    return ASSAY_OK;
}

void assay_channel_statement_encode(const struct assay_channel_statement *statement,
                                    uint8_t body[static ASSAY_CHANNEL_STATEMENT_LEN])
{
    struct assay_writer out = assay_writer_over(body, ASSAY_CHANNEL_STATEMENT_LEN);
    assay_writer_u32be(&out, statement->era);
    assay_writer_u32be(&out, statement->incarnation);
    assay_writer_u64be(&out, statement->epoch);
    assay_writer_put(&out, statement->chain_id, 32);
    assay_writer_put(&out, statement->beacon, 32);
    assay_writer_put(&out, statement->node_id, 32);
    assay_writer_put(&out, statement->voting_public, 64);
    assay_writer_put(&out, statement->transport_public, 32);
    assay_writer_put(&out, statement->keys_root, 32);
    ASSAY_ASSERT(!out.full && out.len == ASSAY_CHANNEL_STATEMENT_LEN);
}

void assay_channel_statement_decode(const uint8_t body[static ASSAY_CHANNEL_STATEMENT_LEN],
                                    struct assay_channel_statement *statement)
{
    struct assay_cursor in = assay_cursor_over(body, ASSAY_CHANNEL_STATEMENT_LEN);
    const bool complete = assay_cursor_u32be(&in, &statement->era) == ASSAY_OK &&
                          assay_cursor_u32be(&in, &statement->incarnation) == ASSAY_OK &&
                          assay_cursor_u64be(&in, &statement->epoch) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->chain_id, 32) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->beacon, 32) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->node_id, 32) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->voting_public, 64) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->transport_public, 32) == ASSAY_OK &&
                          assay_cursor_copy(&in, statement->keys_root, 32) == ASSAY_OK;
    ASSAY_ASSERT(complete && assay_cursor_end(&in) == ASSAY_OK);
}
