/* apps/enclave/key_requests.c - requests about workload keys (docs/identity.md 6.7). */
#include "apps/enclave/key_requests.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 4 };

struct words {
    size_t count; /* WORDS_MAX + 1: more */
    struct assay_slice word[WORDS_MAX];
};

static const char prefix[] = "key ";

bool key_request_is(const char *line, size_t len)
{
    return len >= sizeof prefix - 1 && assay_bytes_equal(line, prefix, sizeof prefix - 1);
}

/* One space between two words: an empty word is a word. */
static struct words split_words(const char *line, size_t len)
{
    struct words w = { 0 };
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && line[i] != ' ') continue;
        if (w.count == WORDS_MAX) return (struct words){ .count = WORDS_MAX + 1 };
        w.word[w.count++] = assay_slice_over((const uint8_t *)line + start, i - start);
        start = i + 1;
    }
    return w;
}

static bool word_is(const struct words *w, size_t at, const char *text)
{
    return at < w->count && w->word[at].len == strlen(text) &&
           assay_bytes_equal(w->word[at].bytes, text, w->word[at].len);
}

__attribute__((format(printf, 3, 4))) static size_t add(char *answer, size_t at, const char *format,
                                                        ...)
{
    va_list rest;
    va_start(rest, format);
    const int len = vsnprintf(answer + at, KEY_ANSWER_MAX - at, format, rest);
    va_end(rest);
    ASSAY_ASSERT(len > 0 && (size_t)len < KEY_ANSWER_MAX - at);
    return at + (size_t)len;
}

/* What to do about it, where the status alone does not tell. */
static const struct {
    enum assay_status status;
    const char *text;
} reasons[] = {
    { ASSAY_E_AGAIN, "the daemon has not named network and member yet: try again" },
    { ASSAY_E_RATE, "too many requests: wait a second" },
    { ASSAY_E_SIGNATURE, "the proof of the entry is not for this member of this network" },
    { ASSAY_E_STALE, "the second proof is not for this boot: send \"key boot\" again" },
    { ASSAY_E_DUPLICATE,
      "purpose and name have another key or owner: withdraw that (assay identity withdraw)" },
    { ASSAY_E_FULL, "16 keys are registered, or 8 of this user, and no more can be: withdraw one "
                    "(assay identity list, withdraw)" },
    { ASSAY_E_NOT_FOUND, "no key is registered under purpose and name" },
    { ASSAY_E_STRANGER, "another user registered this key, or its name is reserved for one" },
};

static const char *reason(enum assay_status status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status) return reasons[i].text;
    return assay_status_text(status);
}

static size_t answer_status(const struct registrations *r, enum assay_status status, char *answer)
{
    if (status == ASSAY_OK) return add(answer, 0, "ok %u\n", (unsigned)r->count);
    return add(answer, 0, "error %s: %s\n", assay_status_symbol(status), reason(status));
}

static enum assay_status read_hex(struct assay_slice word, uint8_t *room, size_t capacity,
                                  struct assay_slice *bytes)
{
    if (word.len / 2 > capacity) return ASSAY_E_RANGE;
    *bytes = assay_slice_over(room, word.len / 2);
    return assay_hex_decode((const char *)word.bytes, word.len, room, word.len / 2);
}

static enum assay_status register_key(struct registrations *r, uint32_t uid, uint64_t now_ms,
                                      const struct words *w)
{
    uint8_t rooms[2][ASSAY_DECLARED_KEY_LEN_MAX];
    struct assay_slice entry, proof;
    ASSAY_TRY(read_hex(w->word[2], rooms[0], ASSAY_DECLARED_KEY_LEN_MAX, &entry));
    ASSAY_TRY(read_hex(w->word[3], rooms[1], ASSAY_DECLARED_KEY_PROOF_MAX, &proof));
    return registrations_add(r, uid, entry, proof, now_ms);
}

static enum assay_status withdraw_key(struct registrations *r, uint32_t uid, const struct words *w)
{
    for (int p = ASSAY_PURPOSE_TLS; p <= ASSAY_PURPOSE_SSH; p++) {
        const enum assay_declared_purpose purpose = (enum assay_declared_purpose)p;
        if (word_is(w, 2, assay_declared_purpose_text(purpose)))
            return registrations_remove(r, uid, purpose, w->word[3]);
    }
    return ASSAY_E_NOT_FOUND;
}

static size_t list_keys(const struct registrations *r, char *answer)
{
    size_t len = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        struct assay_declared_key key;
        uint8_t digest[32];
        char hex[65];
        registrations_get(r, i, &key);
        assay_sha256(key.spki.bytes, key.spki.len, digest);
        assay_hex_encode(digest, 32, hex, sizeof hex);
        len = add(answer, len, "%s %.*s %u %s\n", assay_declared_purpose_text(key.purpose),
                  (int)key.name.len, (const char *)key.name.bytes, (unsigned)r->keys[i].uid, hex);
    }
    return add(answer, len, "end\n");
}

static size_t name_boot(const struct registrations *r, char *answer)
{
    char boot[65], chain[65], node[65];
    if (!r->named) return answer_status(r, ASSAY_E_AGAIN, answer);
    assay_hex_encode(r->boot, 32, boot, sizeof boot);
    assay_hex_encode(r->chain_id, 32, chain, sizeof chain);
    assay_hex_encode(r->node_id, 32, node, sizeof node);
    return add(answer, 0, "boot %s chain %s node %s\n", boot, chain, node);
}

size_t key_request_answer(struct registrations *r, uint32_t uid, uint64_t now_ms, const char *line,
                          size_t len, char answer[static KEY_ANSWER_MAX])
{
    const struct words w = split_words(line, len);
    if (w.count == 2 && word_is(&w, 1, "boot")) return name_boot(r, answer);
    if (w.count == 2 && word_is(&w, 1, "list")) return list_keys(r, answer);
    if (w.count == 4 && word_is(&w, 1, "register"))
        return answer_status(r, register_key(r, uid, now_ms, &w), answer);
    if (w.count == 4 && word_is(&w, 1, "withdraw"))
        return answer_status(r, withdraw_key(r, uid, &w), answer);
    return add(
        answer, 0,
        "error expected key boot, key list, key register ENTRY PROOF or key withdraw PURPOSE "
        "NAME\n");
}
