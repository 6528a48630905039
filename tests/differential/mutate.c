/*
 * tests/differential/mutate.c - changes of a whole case: fields of the quote, parts, time.
 */
#include "tests/differential/mutate.h"

#include "base/assert.h"
#include "tests/differential/layout.h"

/* --- the quote */
static bool change_field(struct diff_case *c, struct diff_random *random)
{
    struct diff_field fields[DIFF_FIELDS_MAX];
    struct diff_quote q;
    struct diff_blob *const quote = &c->part[DIFF_QUOTE];
    diff_quote_find(quote, &q);
    const size_t count = diff_quote_fields(&q, fields);
    if (count == 0) return false;
    const struct diff_field *const f = &fields[diff_random_below(random, count)];
    diff_note(c, "quote.%s", f->name);
    const size_t at = f->at + diff_random_below(random, f->len);
    uint8_t *const byte = &quote->bytes[at];
    switch (diff_random_below(random, 4)) {
    case 0:
    case 1: *byte = (uint8_t)(*byte ^ 1u << diff_random_below(random, 8)); break;
    case 2: diff_random_bytes(random, byte, 1); break;
    case 3:
        for (size_t i = 0; i < f->len; i++)
            quote->bytes[f->at + i] = 0;
        diff_note(c, "zeroed");
        break;
    }
    return true;
}

/* A length field one or some bytes off, nothing else moved. */
static bool change_length(struct diff_case *c, struct diff_random *random)
{
    static const int32_t steps[] = { 1, -1, 2, -4, 16, -16, 256, 0x10000, 0x7fffffff };
    struct diff_quote q;
    struct diff_blob *const quote = &c->part[DIFF_QUOTE];
    diff_quote_find(quote, &q);
    if (!q.is_found) return false;
    const size_t at[] = { q.signature_len_at, q.auth_len_at, q.cert_len_at, q.outer_at + 2 };
    const size_t which = diff_random_below(random, q.outer_at == 0 ? 3 : 4);
    const size_t width = which == 1 ? 2 : 4;
    const int32_t step = steps[diff_random_below(random, sizeof steps / sizeof steps[0])];
    uint32_t value = 0;
    for (size_t i = width; i > 0; i--)
        value = value << 8 | quote->bytes[at[which] + i - 1];
    value += (uint32_t)step;
    for (size_t i = 0; i < width; i++)
        quote->bytes[at[which] + i] = (uint8_t)(value >> (8 * i));
    diff_note(c, "length-field:%zu%+ld", which, (long)step);
    return true;
}

/* Bytes more or fewer at an inner end, with the lengths around it told of it or not. */
static bool change_inner_end(struct diff_case *c, struct diff_random *random)
{
    struct diff_quote q;
    struct diff_blob *const quote = &c->part[DIFF_QUOTE];
    const uint8_t more[8] = { 0 };
    diff_quote_find(quote, &q);
    if (!q.is_found) return false;
    const size_t len = 1 + diff_random_below(random, sizeof more);
    uint32_t total = 0;
    for (size_t i = 4; i > 0; i--)
        total = total << 8 | quote->bytes[q.signature_len_at + i - 1];
    total += (uint32_t)len;
    for (size_t i = 0; i < 4; i++)
        quote->bytes[q.signature_len_at + i] = (uint8_t)(total >> (8 * i));
    diff_blob_insert(quote, q.end, more, len);
    diff_note(c, "inner-tail+%zu", len);
    return true;
}

static bool change_chain(struct diff_case *c, const struct diff_bases *all,
                         struct diff_random *random)
{
    struct diff_blob pem = { 0 };
    struct diff_quote q;
    diff_quote_find(&c->part[DIFF_QUOTE], &q);
    if (!q.is_found) return false;
    diff_blob_set(&pem, c->part[DIFF_QUOTE].bytes + q.cert_at, q.cert_len);
    diff_note(c, "quote.chain");
    diff_change_pem(c, &pem, all, random);
    const bool done = diff_quote_set_chain(&c->part[DIFF_QUOTE], pem.bytes, pem.len);
    diff_blob_free(&pem);
    return done;
}

static bool change_signature(struct diff_case *c, struct diff_random *random)
{
    struct diff_quote q;
    diff_quote_find(&c->part[DIFF_QUOTE], &q);
    if (!q.is_found) return false;
    const bool inner = diff_random_one_in(random, 2);
    diff_note(c, inner ? "quote.qe-signature" : "quote.signature");
    uint8_t *const signature =
        c->part[DIFF_QUOTE].bytes + (inner ? q.qe_signature_at : q.signature_at);
    diff_change_signature(c, signature, random);
    return true;
}

static bool change_end(struct diff_case *c, struct diff_random *random)
{
    enum { TAIL_MAX = 64 };
    uint8_t tail[TAIL_MAX] = { 0 };
    struct diff_blob *const quote = &c->part[DIFF_QUOTE];
    const size_t len = 1 + diff_random_below(random, TAIL_MAX);
    switch (diff_random_below(random, 3)) {
    case 0:
        if (quote->len == 0) return false;
        quote->len = diff_random_below(random, quote->len);
        diff_note(c, "truncated:%zu", quote->len);
        return true;
    case 1:
        diff_blob_insert(quote, quote->len, tail, len);
        diff_note(c, "zero-tail+%zu", len);
        return true;
    default:
        diff_random_bytes(random, tail, len);
        diff_blob_insert(quote, quote->len, tail, len);
        diff_note(c, "tail+%zu", len);
        return true;
    }
}

/* --- parts of the collateral */
static size_t any_collateral(struct diff_random *random)
{
    return DIFF_COLLATERAL + diff_random_below(random, ASSAY_PARTS_INTEL);
}

static bool exchange_part(struct diff_case *c, const struct diff_bases *all,
                          struct diff_random *random)
{
    const struct diff_case *const other =
        &all->base[diff_random_below(random, all->count)].original;
    const size_t part = diff_random_below(random, DIFF_PARTS);
    diff_blob_set(&c->part[part], other->part[part].bytes, other->part[part].len);
    diff_note(c, "%s:of:%s", diff_part_name(part), other->base);
    return true;
}

/* One part where another belongs. */
static bool misplace_part(struct diff_case *c, struct diff_random *random)
{
    const size_t from = any_collateral(random);
    const size_t to = any_collateral(random);
    if (from == to) return false;
    diff_blob_set(&c->part[to], c->part[from].bytes, c->part[from].len);
    diff_note(c, "%s:as:%s", diff_part_name(from), diff_part_name(to));
    return true;
}

static bool drop_part(struct diff_case *c, struct diff_random *random)
{
    const size_t part = any_collateral(random);
    c->part[part].len = 0;
    diff_note(c, "%s:missing", diff_part_name(part));
    return true;
}

static bool cut_part(struct diff_case *c, struct diff_random *random)
{
    const size_t part = any_collateral(random);
    if (c->part[part].len == 0) return false;
    c->part[part].len = diff_random_below(random, c->part[part].len);
    diff_note(c, "%s:truncated", diff_part_name(part));
    return true;
}

static bool change_part(struct diff_case *c, const struct diff_bases *all,
                        struct diff_random *random)
{
    const size_t part = any_collateral(random);
    struct diff_blob *const blob = &c->part[part];
    if (blob->len == 0) return false;
    diff_note(c, "%s", diff_part_name(part));
    if (diff_random_one_in(random, 4)) {
        diff_change_bytes(c, blob, 0, blob->len, random);
        return true;
    }
    switch ((enum assay_collateral_part)(part - DIFF_COLLATERAL)) {
    case ASSAY_PART_TCB_INFO:
    case ASSAY_PART_QE_IDENTITY: diff_change_json(c, blob, random); break;
    case ASSAY_PART_ROOT_CRL:
    case ASSAY_PART_PCK_CRL: diff_change_der(c, blob, random); break;
    case ASSAY_PART_PCK_CHAIN:
    case ASSAY_PART_TCB_CHAIN:
    case ASSAY_PART_QE_CHAIN: diff_change_pem(c, blob, all, random); break;
    case ASSAY_PART_CERTIFICATES:
    case ASSAY_PART_CRL:
    case ASSAY_PART_OCSP:
    case ASSAY_PART_RIM: return false; /* of other vendors */
    }
    return true;
}

/* The last hexadecimal digits of a signed document: its signature, re-coded. */
static bool change_document_signature(struct diff_case *c, struct diff_random *random)
{
    enum { HEX_LEN = 128 };
    uint8_t signature[64];
    char hex[HEX_LEN + 1];
    const size_t part =
        DIFF_PART(diff_random_one_in(random, 2) ? ASSAY_PART_TCB_INFO : ASSAY_PART_QE_IDENTITY);
    struct diff_blob *const text = &c->part[part];
    if (text->len < HEX_LEN + 2) return false;
    size_t end = text->len;
    while (end > HEX_LEN && text->bytes[end - 1] != '"')
        end -= 1;
    uint8_t *const at = text->bytes + end - 1 - HEX_LEN;
    if (end < HEX_LEN + 2) return false;
    if (assay_hex_decode((const char *)at, HEX_LEN, signature, sizeof signature) != ASSAY_OK)
        return false;
    diff_note(c, "%s:signature", diff_part_name(part));
    diff_change_signature(c, signature, random);
    assay_hex_encode(signature, sizeof signature, hex, sizeof hex);
    assay_bytes_copy(at, HEX_LEN, hex, HEX_LEN);
    return true;
}

/* --- time */
static bool shift_time(struct diff_case *c, const struct diff_base *base,
                       struct diff_random *random)
{
    static const int64_t steps[] = { -1, 0, 1, -60, 60, -86400, 86400 };
    if (base->edge_count == 0) return false;
    c->at_unix_s = base->edges[diff_random_below(random, base->edge_count)] +
                   steps[diff_random_below(random, sizeof steps / sizeof steps[0])];
    if (c->at_unix_s < 0) c->at_unix_s = 0;
    diff_note(c, "time:%lld", (long long)c->at_unix_s);
    return true;
}

/* Of what is done here, how much of each; together 100. */
static bool change_once(struct diff_case *c, const struct diff_base *base,
                        const struct diff_bases *all, struct diff_random *random)
{
    const size_t dice = diff_random_below(random, 100);
    if (dice < 22) return change_field(c, random);
    if (dice < 27) return change_length(c, random);
    if (dice < 29) return change_inner_end(c, random);
    if (dice < 37) return change_chain(c, all, random);
    if (dice < 41) return change_signature(c, random);
    if (dice < 46) return change_end(c, random);
    if (dice < 54) return exchange_part(c, all, random);
    if (dice < 56) return misplace_part(c, random);
    if (dice < 58) return drop_part(c, random);
    if (dice < 60) return cut_part(c, random);
    if (dice < 84) return change_part(c, all, random);
    if (dice < 88) return change_document_signature(c, random);
    return shift_time(c, base, random);
}

void diff_mutate(struct diff_case *c, const struct diff_base *base, const struct diff_bases *all,
                 struct diff_random *random)
{
    enum { TRIES = 32 };
    size_t wanted = diff_random_one_in(random, 5) ? 2 : 1;
    for (size_t i = 0; i < TRIES && wanted > 0; i++)
        if (change_once(c, base, all, random)) wanted -= 1;
}
