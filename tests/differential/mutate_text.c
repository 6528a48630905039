/*
 * tests/differential/mutate_text.c - changes of JSON and of PEM; see mutate.h.
 */
#include "base/assert.h"
#include "tests/differential/layout.h"
#include "tests/differential/mutate.h"

#include <stdio.h>
#include <string.h>

/* --- JSON */
static void put_text(struct diff_blob *text, size_t at, const char *word)
{
    diff_blob_insert(text, at, word, strlen(word));
}

static void odd_value(struct diff_case *c, struct diff_blob *text, const struct diff_member *m,
                      struct diff_random *random)
{
    static const char *const values[] = {
        "0",
        "1",
        "2",
        "3",
        "255",
        "256",
        "65535",
        "65536",
        "-1",
        "1.0",
        "1e1",
        "01",
        "null",
        "true",
        "\"\"",
        "[]",
        "{}",
        "\"0\"",
        "18446744073709551616",
        "\"UpToDate\"",
        "\"Revoked\"",
        "\"OutOfDate\"",
        "\"SWHardeningNeeded\"",
        "\"ConfigurationNeeded\"",
        "\"OutOfDateConfigurationNeeded\"",
        "\"Unknown\"",
        "\"2023-01-01\"",
        "\"2030-01-01T00:00:00Z\"",
        "\"2030-01-01T00:00:00+01:00\"",
        "[\"INTEL-SA-00001\"]",
        "[\"INTEL-SA-00001\",\"INTEL-SA-00001\"]",
    };
    const char *const value = values[diff_random_below(random, sizeof values / sizeof values[0])];
    diff_note(c, "json-value@%zu=%s", m->value_at, value[0] == '"' ? "text" : value);
    diff_blob_replace(text, m->value_at, m->end - m->value_at, value, strlen(value));
}

static void without(struct diff_case *c, struct diff_blob *text, const struct diff_member *m)
{
    size_t end = m->end;
    size_t from = m->key_at;
    if (end < text->len && text->bytes[end] == ',') end += 1;
    else if (from > 0 && text->bytes[from - 1] == ',') from -= 1;
    diff_note(c, "json-without@%zu", m->key_at);
    diff_blob_erase(text, from, end - from);
}

static void twice(struct diff_case *c, struct diff_blob *text, const struct diff_member *m)
{
    struct diff_blob copy = { 0 };
    diff_blob_set(&copy, text->bytes + m->key_at, m->end - m->key_at);
    put_text(&copy, copy.len, ",");
    diff_note(c, "json-twice@%zu", m->key_at);
    diff_blob_insert(text, m->key_at, copy.bytes, copy.len);
    diff_blob_free(&copy);
}

static void blank(struct diff_case *c, struct diff_blob *text, const struct diff_member *m,
                  struct diff_random *random)
{
    static const char *const blanks[] = { " ", "\n", "\t", "\r\n", "\v" };
    const size_t at = diff_random_one_in(random, 2) ? m->value_at : m->key_at;
    diff_note(c, "json-blank@%zu", at);
    put_text(text, at, blanks[diff_random_below(random, 5)]);
}

/* The first letter of the key as an escape: the same key to a parser. */
static void escaped(struct diff_case *c, struct diff_blob *text, const struct diff_member *m)
{
    char escape[8];
    (void)snprintf(escape, sizeof escape, "\\u%04x", text->bytes[m->key_at + 1]);
    diff_note(c, "json-escape@%zu", m->key_at);
    diff_blob_replace(text, m->key_at + 1, 1, escape, 6);
}

/* Letters of a value in the other case: hexadecimal stays the same number. */
static void other_case(struct diff_case *c, struct diff_blob *text, const struct diff_member *m)
{
    enum { CASE_BIT = 0x20 };
    for (size_t i = m->value_at; i < m->end; i++) {
        const uint8_t folded = text->bytes[i] | CASE_BIT;
        if (folded >= 'a' && folded <= 'z') text->bytes[i] = text->bytes[i] ^ CASE_BIT;
    }
    diff_note(c, "json-case@%zu", m->value_at);
}

static void around(struct diff_case *c, struct diff_blob *text, struct diff_random *random)
{
    static const char *const words[] = { " ", "\n", "x", "{}", ",", "\xef\xbb\xbf" };
    const char *const word = words[diff_random_below(random, sizeof words / sizeof words[0])];
    const bool before = diff_random_one_in(random, 2);
    diff_note(c, "json-around");
    put_text(text, before ? 0 : text->len, word);
}

/* One digit of a number one up or down. */
static void other_digit(struct diff_case *c, struct diff_blob *text, const struct diff_member *m,
                        struct diff_random *random)
{
    const size_t at = m->value_at;
    const uint8_t digit = text->bytes[at];
    if (digit < '0' || digit > '9') {
        odd_value(c, text, m, random);
        return;
    }
    text->bytes[at] = (uint8_t)('0' + diff_random_below(random, 10));
    diff_note(c, "json-digit@%zu", at);
}

static void deep(struct diff_case *c, struct diff_blob *text, const struct diff_member *m,
                 struct diff_random *random)
{
    enum { DEPTH_MAX = 40 };
    char brackets[2 * DEPTH_MAX];
    const size_t depth = 1 + diff_random_below(random, DEPTH_MAX);
    char member[2 * DEPTH_MAX + 16];
    for (size_t i = 0; i < depth; i++) {
        brackets[i] = '[';
        brackets[depth + i] = ']';
    }
    (void)snprintf(member, sizeof member, "\"x\":%.*s,", (int)(2 * depth), brackets);
    diff_note(c, "json-deep@%zu+%zu", m->key_at, depth);
    put_text(text, m->key_at, member);
}

void diff_change_json(struct diff_case *c, struct diff_blob *text, struct diff_random *random)
{
    static struct diff_member members[DIFF_MEMBERS_MAX];
    const size_t count = diff_json_members(text, 0, members);
    if (count == 0) {
        diff_change_bytes(c, text, 0, text->len, random);
        return;
    }
    const struct diff_member *const m = &members[diff_random_below(random, count)];
    switch (diff_random_below(random, 14)) {
    case 0:
    case 1:
    case 2: odd_value(c, text, m, random); return;
    case 3: without(c, text, m); return;
    case 4: twice(c, text, m); return;
    case 5: blank(c, text, m, random); return;
    case 6: escaped(c, text, m); return;
    case 7: other_case(c, text, m); return;
    case 8: around(c, text, random); return;
    case 9:
    case 10:
    case 11: other_digit(c, text, m, random); return;
    case 12: deep(c, text, m, random); return;
    case 13: diff_change_bytes(c, text, 0, text->len, random); return;
    }
}

/* --- PEM */
static void swap(struct diff_blob *a, struct diff_blob *b)
{
    const struct diff_blob kept = *a;
    *a = *b;
    *b = kept;
}

static void foreign(struct diff_chain *chain, const struct diff_bases *all,
                    struct diff_random *random)
{
    struct diff_chain other;
    const struct diff_case *const from = &all->base[diff_random_below(random, all->count)].original;
    const size_t part = diff_random_one_in(random, 2) ? DIFF_PART(ASSAY_PART_PCK_CHAIN)
                                                      : DIFF_PART(ASSAY_PART_TCB_CHAIN);
    diff_chain_read(&other, from->part[part].bytes, from->part[part].len);
    if (other.count > 0 && chain->count > 0) {
        const size_t taken = diff_random_below(random, other.count);
        const size_t given = diff_random_below(random, chain->count);
        const bool more = chain->count < DIFF_CERTIFICATES_MAX && diff_random_one_in(random, 2);
        if (more) {
            swap(&chain->der[chain->count], &other.der[taken]);
            chain->count += 1;
        } else {
            swap(&chain->der[given], &other.der[taken]);
        }
    }
    diff_chain_free(&other);
}

/* The certificates in another arrangement. Returns: false when there are none. */
static bool rearrange(struct diff_case *c, struct diff_blob *pem, const struct diff_bases *all,
                      struct diff_random *random)
{
    struct diff_chain chain;
    diff_chain_read(&chain, pem->bytes, pem->len);
    if (chain.count == 0) return false;
    const size_t a = diff_random_below(random, chain.count);
    const size_t b = diff_random_below(random, chain.count);
    switch (diff_random_below(random, 5)) {
    case 0:
        swap(&chain.der[a], &chain.der[b]);
        diff_note(c, "pem-swap:%zu-%zu", a, b);
        break;
    case 1:
        chain.count -= 1;
        swap(&chain.der[a], &chain.der[chain.count]);
        diff_note(c, "pem-without:%zu", a);
        break;
    case 2:
        if (chain.count == DIFF_CERTIFICATES_MAX) break;
        diff_blob_set(&chain.der[chain.count], chain.der[a].bytes, chain.der[a].len);
        chain.count += 1;
        diff_note(c, "pem-twice:%zu", a);
        break;
    case 3:
        foreign(&chain, all, random);
        diff_note(c, "pem-foreign");
        break;
    case 4:
        diff_note(c, "pem-der:%zu", a);
        diff_change_der(c, &chain.der[a], random);
        break;
    }
    diff_chain_write(&chain, pem);
    diff_chain_free(&chain);
    return true;
}

static void text_around(struct diff_case *c, struct diff_blob *pem, struct diff_random *random)
{
    static const char *const words[] = { "\n", " ", "\r\n", "\t", "comment\n", "=", "-----", "#" };
    const char *const word = words[diff_random_below(random, sizeof words / sizeof words[0])];
    size_t at = diff_random_one_in(random, 2) ? 0 : pem->len;
    if (diff_random_one_in(random, 2)) at = diff_random_below(random, pem->len + 1);
    if (diff_random_one_in(random, 4)) {
        diff_blob_insert(pem, pem->len, "\0\0\0", 1 + diff_random_below(random, 3));
        diff_note(c, "pem-nul");
        return;
    }
    put_text(pem, at, word);
    diff_note(c, "pem-text@%zu", at);
}

/* Every line break becomes CR LF. */
static void carriage_returns(struct diff_case *c, struct diff_blob *pem)
{
    for (size_t i = 0; i < pem->len; i++) {
        if (pem->bytes[i] != '\n') continue;
        diff_blob_insert(pem, i, "\r", 1);
        i += 1;
    }
    diff_note(c, "pem-crlf");
}

void diff_change_pem(struct diff_case *c, struct diff_blob *pem, const struct diff_bases *all,
                     struct diff_random *random)
{
    switch (diff_random_below(random, 8)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (rearrange(c, pem, all, random)) return;
        break;
    case 4:
    case 5: text_around(c, pem, random); return;
    case 6:
        if (diff_random_one_in(random, 2)) {
            carriage_returns(c, pem);
            return;
        }
        break;
    }
    diff_change_bytes(c, pem, 0, pem->len, random);
}
