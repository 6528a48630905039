/*
 * services/continuity/frame.c - codec of frames; one table lists the fields of each kind, and both
 * directions walk it in the order of the bits (docs/services.md 1).
 */
#include "services/continuity/frame.h"

#include "base/cursor.h"

enum { VERSION = 1 };

enum field {
    INSTANCE = 1 << 0,
    SESSION = 1 << 1,
    NONCE = 1 << 2,
    REASON = 1 << 3, /* and value */
    PROMISED = 1 << 4,
    WRITER = 1 << 5,
    INDEX = 1 << 6,
    DIGEST = 1 << 7,
    PREV = 1 << 8,
    BASE = 1 << 9,
    ROOT = 1 << 10,
    ENTRIES = 1 << 11,
    MASK = 1 << 12,
    PAGE = 1 << 13,
    DIGESTS = 1 << 14,
    LIST = 1 << 15,
    PLACE = 1 << 16,
    SIGNATURE = 1 << 17,
    BARE = 1 << 18, /* no other field */
    BYTES = 1 << 19,
};

/* Returns: the fields of a kind; 0 for an unknown number. */
static uint32_t fields_of(uint8_t kind)
{
    static const uint32_t of[] = {
        [ASSAY_CONT_OPEN] = INSTANCE | SESSION | NONCE,
        [ASSAY_CONT_OPENED] = INSTANCE | SESSION | NONCE | WRITER | INDEX | DIGEST,
        [ASSAY_CONT_ADOPT] = INSTANCE | SESSION | INDEX | DIGEST,
        [ASSAY_CONT_UPDATE] = INSTANCE | SESSION | INDEX | PREV | DIGESTS,
        [ASSAY_CONT_ACK] = INSTANCE | SESSION | INDEX | DIGEST,
        [ASSAY_CONT_CONFIRM] = INSTANCE | SESSION | NONCE,
        [ASSAY_CONT_CONFIRMED] = INSTANCE | SESSION | NONCE,
        [ASSAY_CONT_RECEIPT] = INSTANCE | SESSION | NONCE,
        [ASSAY_CONT_REFUSED] = INSTANCE | SESSION | REASON,
        [ASSAY_CONT_FIN] = BASE | ROOT | ENTRIES | SIGNATURE,
        [ASSAY_CONT_PAGE_GET] = ROOT | PAGE,
        [ASSAY_CONT_PAGE] = ROOT | PAGE | LIST,
        [ASSAY_CONT_VOUCH] = BASE | ROOT | ENTRIES | MASK | SIGNATURE,
        [ASSAY_CONT_ROOT] = ROOT | ENTRIES | SIGNATURE,
        [ASSAY_CONT_SIGNED] = INSTANCE | SESSION | NONCE | PROMISED | WRITER | INDEX | DIGEST |
                              PLACE | SIGNATURE,
        [ASSAY_CONT_PING] = BARE,
        [ASSAY_CONT_HANDOVER_GET] = INSTANCE | SESSION,
        [ASSAY_CONT_HANDOVER] = INSTANCE | SESSION | BYTES,
    };
    return kind < sizeof of / sizeof *of ? of[kind] : 0;
}

static enum assay_status check_list(const struct assay_cont_frame *f)
{
    ASSAY_ASSERT(f->count <= ASSAY_CONT_PAGE_ENTRIES);
    struct assay_cursor in = assay_cursor_over(f->list.bytes, f->list.len);
    struct assay_cont_entry before = { 0 };
    for (uint32_t i = 0; i < f->count; i++) {
        struct assay_cont_entry entry = { 0 };
        ASSAY_TRY(assay_cont_entry_decode(&in, &entry));
        if (i > 0 && assay_bytes_compare(before.instance, entry.instance, 32) >= 0)
            return ASSAY_E_ENCODING;
        before = entry;
    }
    return assay_cursor_end(&in);
}

/* Field rules shared by encoder and decoder. */
static enum assay_status check_frame(const struct assay_cont_frame *f, uint32_t has)
{
    if (has & SESSION && f->session == 0) return ASSAY_E_RANGE;
    if (has & REASON && (f->reason < ASSAY_CONT_FENCED || f->reason > ASSAY_CONT_IS_RETIRED))
        return ASSAY_E_RANGE;
    if (has & PROMISED && f->promised < f->writer) return ASSAY_E_INVALID;
    if (has & WRITER && f->index > 0 && f->writer == 0) return ASSAY_E_INVALID;
    if (has & DIGEST && f->index == 0 && !assay_bytes_all_zero(f->digest, 32))
        return ASSAY_E_INVALID;
    if (has & ENTRIES && f->entries > ASSAY_CONT_ENTRIES_MAX) return ASSAY_E_RANGE;
    if (has & MASK && (f->mask == 0 || f->mask >> ASSAY_CONT_SEATS_MAX)) return ASSAY_E_RANGE;
    if (has & BASE && f->base >= f->view) return ASSAY_E_RANGE;
    if (has & PAGE && f->page >= ASSAY_CONT_ENTRIES_MAX / ASSAY_CONT_PAGE_ENTRIES)
        return ASSAY_E_RANGE;
    if (has & (DIGESTS | LIST) && f->count == 0) return ASSAY_E_RANGE;
    if (has & DIGESTS) {
        if (f->count > ASSAY_CONT_BATCH_MAX || f->list.len != f->count * 32ULL)
            return ASSAY_E_RANGE;
        /* State 0 has no update, and no index wraps. */
        if (f->index == 0 || f->index > UINT64_MAX - f->count) return ASSAY_E_RANGE;
    }
    if (has & BYTES && (f->list.len == 0 || f->list.len > ASSAY_CONT_HANDOVER_LEN_MAX))
        return ASSAY_E_RANGE;
    if (has & LIST) {
        if (f->count > ASSAY_CONT_PAGE_ENTRIES) return ASSAY_E_RANGE;
        ASSAY_TRY(check_list(f));
    }
    return ASSAY_OK;
}

enum assay_status assay_cont_frame_encode(const struct assay_cont_frame *f, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    const uint32_t has = fields_of((uint8_t)f->kind);
    ASSAY_ASSERT(has != 0);
    ASSAY_ASSERT(check_frame(f, has) == ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_writer_u8(&w, VERSION);
    assay_writer_u8(&w, (uint8_t)f->kind);
    assay_writer_u32be(&w, f->group);
    assay_writer_u64be(&w, f->view);
    if (has & INSTANCE) assay_writer_put(&w, f->instance, 32);
    if (has & SESSION) assay_writer_u64be(&w, f->session);
    if (has & NONCE) assay_writer_put(&w, f->nonce, 32);
    if (has & REASON) assay_writer_u8(&w, (uint8_t)f->reason);
    if (has & REASON) assay_writer_u64be(&w, f->value);
    if (has & PROMISED) assay_writer_u64be(&w, f->promised);
    if (has & WRITER) assay_writer_u64be(&w, f->writer);
    if (has & INDEX) assay_writer_u64be(&w, f->index);
    if (has & DIGEST) assay_writer_put(&w, f->digest, 32);
    if (has & PREV) assay_writer_put(&w, f->prev, 32);
    if (has & BASE) assay_writer_u64be(&w, f->base);
    if (has & ROOT) assay_writer_put(&w, f->root, 32);
    if (has & ENTRIES) assay_writer_u32be(&w, f->entries);
    if (has & MASK) assay_writer_u8(&w, f->mask);
    if (has & PAGE) assay_writer_u32be(&w, f->page);
    if (has & (DIGESTS | LIST)) assay_writer_u16be(&w, (uint16_t)f->count);
    if (has & BYTES) assay_writer_u16be(&w, (uint16_t)f->list.len);
    if (has & (DIGESTS | LIST | BYTES)) assay_writer_put(&w, f->list.bytes, f->list.len);
    if (has & PLACE) assay_cont_place_encode(&w, &f->place);
    if (has & SIGNATURE) assay_writer_put(&w, f->signature, sizeof f->signature);
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_list(struct assay_cursor *in, uint32_t has,
                                     struct assay_cont_frame *f)
{
    ASSAY_ASSERT((has & (DIGESTS | LIST)) != 0);
    uint16_t count = 0;
    const size_t each = has & DIGESTS ? 32 : ASSAY_CONT_ENTRY_LEN;
    ASSAY_TRY(assay_cursor_u16be(in, &count));
    f->count = count;
    return assay_cursor_slice(in, count * each, &f->list);
}

static enum assay_status decode_bytes(struct assay_cursor *in, struct assay_cont_frame *f)
{
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u16be(in, &len));
    return assay_cursor_slice(in, len, &f->list);
}

static enum assay_status decode_reason(struct assay_cursor *in, struct assay_cont_frame *f)
{
    uint8_t reason = 0;
    ASSAY_TRY(assay_cursor_u8(in, &reason));
    if (reason < ASSAY_CONT_FENCED || reason > ASSAY_CONT_IS_RETIRED) return ASSAY_E_RANGE;
    f->reason = (enum assay_cont_reason)reason;
    return assay_cursor_u64be(in, &f->value);
}

static enum assay_status decode_fields(struct assay_cursor *in, uint32_t has,
                                       struct assay_cont_frame *f)
{
    if (has & INSTANCE) ASSAY_TRY(assay_cursor_copy(in, f->instance, 32));
    if (has & SESSION) ASSAY_TRY(assay_cursor_u64be(in, &f->session));
    if (has & NONCE) ASSAY_TRY(assay_cursor_copy(in, f->nonce, 32));
    if (has & REASON) ASSAY_TRY(decode_reason(in, f));
    if (has & PROMISED) ASSAY_TRY(assay_cursor_u64be(in, &f->promised));
    if (has & WRITER) ASSAY_TRY(assay_cursor_u64be(in, &f->writer));
    if (has & INDEX) ASSAY_TRY(assay_cursor_u64be(in, &f->index));
    if (has & DIGEST) ASSAY_TRY(assay_cursor_copy(in, f->digest, 32));
    if (has & PREV) ASSAY_TRY(assay_cursor_copy(in, f->prev, 32));
    if (has & BASE) ASSAY_TRY(assay_cursor_u64be(in, &f->base));
    if (has & ROOT) ASSAY_TRY(assay_cursor_copy(in, f->root, 32));
    if (has & ENTRIES) ASSAY_TRY(assay_cursor_u32be(in, &f->entries));
    if (has & MASK) ASSAY_TRY(assay_cursor_u8(in, &f->mask));
    if (has & PAGE) ASSAY_TRY(assay_cursor_u32be(in, &f->page));
    if (has & (DIGESTS | LIST)) ASSAY_TRY(decode_list(in, has, f));
    if (has & BYTES) ASSAY_TRY(decode_bytes(in, f));
    if (has & PLACE) ASSAY_TRY(assay_cont_place_decode(in, &f->place));
    if (has & SIGNATURE) ASSAY_TRY(assay_cursor_copy(in, f->signature, sizeof f->signature));
    return ASSAY_OK;
}

enum assay_status assay_cont_frame_decode(struct assay_slice bytes, struct assay_cont_frame *f)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_frame read = { 0 };
    uint8_t version = 0, kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    if (version != VERSION) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    const uint32_t has = fields_of(kind);
    if (has == 0) return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_cont_kind)kind;
    ASSAY_TRY(assay_cursor_u32be(&in, &read.group));
    ASSAY_TRY(assay_cursor_u64be(&in, &read.view));
    ASSAY_TRY(decode_fields(&in, has, &read));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(check_frame(&read, has));
    *f = read;
    return ASSAY_OK;
}

const uint8_t *assay_cont_frame_digest(const struct assay_cont_frame *f, uint32_t i)
{
    ASSAY_ASSERT(f->kind == ASSAY_CONT_UPDATE && i < f->count);
    return f->list.bytes + (size_t)i * 32;
}

struct assay_cont_entry assay_cont_frame_entry(const struct assay_cont_frame *f, uint32_t i)
{
    ASSAY_ASSERT(f->kind == ASSAY_CONT_PAGE && i < f->count);
    struct assay_cursor in = assay_cursor_over(f->list.bytes + (size_t)i * ASSAY_CONT_ENTRY_LEN,
                                               ASSAY_CONT_ENTRY_LEN);
    struct assay_cont_entry entry = { 0 };
    const enum assay_status status = assay_cont_entry_decode(&in, &entry);
    ASSAY_ASSERT(status == ASSAY_OK); /* the decoder has checked it */
    return entry;
}
