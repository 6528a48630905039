/*
 * tests/unit/net/http/authorize_fixture.h - node with members whose workload keys are active, and
 * requests of relying parties for them.
 */
#ifndef ASSAY_TESTS_UNIT_NET_HTTP_AUTHORIZE_FIXTURE_H
#define ASSAY_TESTS_UNIT_NET_HTTP_AUTHORIZE_FIXTURE_H

#include "base/base64.h"
#include "net/documents/document.h"
#include "net/documents/key_table.h"
#include "net/http/answer.h"
#include "net/http/client_key.h"
#include "net/json/json.h"
#include "tests/unit/engine/ledger/workload_keys_bench.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OWNER = 1, OTHER = 2, NOW = 100100, ENTRIES = 4 };

static struct http_fixture fixture;
static struct assay_http_figures figures;
static struct assay_http_answer answer;
static struct assay_json *json;

static inline void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
    fixture.snapshot.keys = assay_authz_table_create(4);
    for (uint32_t i = 0; i < 4; i++) {
        fixture.members[i].ledger.keys.is_keyed = true;
        fixture.members[i].ledger.keys.state = ASSAY_KEYS_UNBOUND;
    }
}

static inline void close_fixture(void)
{
    assay_json_free(&json);
    free(answer.body);
    assay_authz_table_release(&fixture.snapshot.keys);
    http_fixture_close(&fixture);
}

/* ------------------------------------------------------------ lists */

static inline struct assay_authz_list *list_of(const struct workload_entry *const *entries,
                                               uint32_t count)
{
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    struct assay_declared_key keys[ENTRIES];
    struct assay_declared_keys decoded;
    struct assay_authz_list *list = NULL;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = entries[i]->key;
    cr_assert_eq(assay_declared_keys_encode(keys, count, &w), ASSAY_OK);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(bytes, w.len), &decoded), ASSAY_OK);
    assay_declared_keys_root(&decoded, root);
    cr_assert_eq(assay_authz_list_create(assay_slice_over(bytes, w.len), root, &list), ASSAY_OK);
    return list;
}

/* The table has the list, and the state names it. Consumes the reference. */
static inline void declare(uint32_t slot, struct assay_authz_list *list)
{
    struct assay_member_keys_snapshot *keys = &fixture.members[slot].ledger.keys;
    assay_authz_list_release(&fixture.snapshot.keys->rows[slot].declared);
    fixture.snapshot.keys->rows[slot].declared = list;
    keys->is_declared = true;
    keys->since_epoch = 40;
    assay_bytes_copy(keys->declared_root, 32, list->root, 32);
}

static inline void certify(uint32_t slot, struct assay_authz_list *list)
{
    struct assay_member_keys_snapshot *keys = &fixture.members[slot].ledger.keys;
    assay_authz_list_release(&fixture.snapshot.keys->rows[slot].certified);
    fixture.snapshot.keys->rows[slot].certified = list;
    keys->keys_epoch = 41;
    keys->state = ASSAY_KEYS_ACTIVE;
    assay_bytes_copy(keys->keys_root, 32, list->root, 32);
}

static inline void make_entry(struct workload_entry *entry, uint32_t slot,
                              enum assay_declared_purpose purpose, const char *name)
{
    static const uint8_t chain[32];
    workload_entry_make(entry, WORKLOAD_P256, purpose, name, NULL, chain,
                        fixture.members[slot].ledger.node_id);
}

/* A member with one active TLS key. Out: the digest of its SPKI in hexadecimal. */
static inline void activate(uint32_t slot, struct workload_entry *entry, char spki[static 65])
{
    const struct workload_entry *const entries[] = { entry };
    uint8_t digest[32];
    struct assay_authz_list *list = list_of(entries, 1);
    declare(slot, assay_authz_list_share(list));
    certify(slot, list);
    assay_sha256(entry->key.spki.bytes, entry->key.spki.len, digest);
    assay_hex_encode(digest, 32, spki, 65);
}

static inline void open_with(struct workload_entry *entry, char spki[static 65])
{
    make_entry(entry, OWNER, ASSAY_PURPOSE_TLS, "api");
    activate(OWNER, entry, spki);
}

/* ------------------------------------------------------------ requests */

static inline void ask_request(struct assay_http_request *request)
{
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content book = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = NOW
    };
    if (request->role == ASSAY_HTTP_ROLE_NONE) request->role = ASSAY_HTTP_ROLE_SERVICE;
    if (request->method == NULL) request->method = "GET";
    if (request->path == NULL) request->path = "/v1/authorize";
    assay_json_free(&json);
    free(answer.body);
    assay_http_answer(&book, request, &answer);
    cr_assert_not_null(answer.body);
    cr_assert_eq(assay_json_parse(answer.body, answer.len, &json), ASSAY_OK);
    assay_http_snapshot_release(&view);
}

static inline void ask_key(const char *spki, const char *key, const char *value)
{
    struct assay_http_request request = { .parameter_count = key != NULL ? 2 : 1 };
    request.parameters[0] = (struct assay_http_pair){ "spki", spki };
    request.parameters[1] = (struct assay_http_pair){ key, value };
    ask_request(&request);
}

static inline const char *reason(void)
{
    return assay_json_text(assay_json_get(json, "data"), "reason", "");
}

/* ------------------------------------------------------------ certificates */

/* DER of a certificate of this key; its signature and names are those of no network. */
static inline size_t certificate_of(const struct assay_declared_key *key, uint8_t out[static 512])
{
    static const uint8_t head[] = { 0xa0, 3, 2, 1, 2, 2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0 };
    static const uint8_t tail[] = { 0x30, 0, 3, 2, 0, 0 };
    const size_t spki = key->spki.len, tbs = sizeof head + spki;
    const size_t all = 3 + tbs + sizeof tail;
    cr_assert(tbs < 128 && all < 256 && spki < 128);
    size_t at = 0;
    out[at++] = 0x30;
    if (all - 1 >= 128) out[at++] = 0x81;
    out[at++] = (uint8_t)(2 + tbs + sizeof tail);
    out[at++] = 0x30;
    out[at++] = (uint8_t)tbs;
    assay_bytes_copy(out + at, 512 - at, head, sizeof head);
    at += sizeof head;
    assay_bytes_copy(out + at, 512 - at, key->spki.bytes, spki);
    at += spki;
    assay_bytes_copy(out + at, 512 - at, tail, sizeof tail);
    return at + sizeof tail;
}

struct texts {
    char base64[512], pem[600], escaped[1800];
};

static inline void make_texts(const struct assay_declared_key *key, struct texts *texts)
{
    uint8_t der[512];
    size_t len = certificate_of(key, der), text = 0, pem = 0, out = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, der, len, texts->base64,
                                     sizeof texts->base64, &text),
                 ASSAY_OK);
    cr_assert_eq(
        assay_pem_put("CERTIFICATE", der, len, (uint8_t *)texts->pem, sizeof texts->pem - 1, &pem),
        ASSAY_OK);
    texts->pem[pem] = '\0';
    for (size_t i = 0; i < pem; i++)
        out += (size_t)snprintf(texts->escaped + out, 4, "%%%02X", (unsigned char)texts->pem[i]);
}

/* The plan grants `api` at WARNING and `db` at FULL. */
static inline void grant(uint8_t owners)
{
    struct assay_granted_name *const names = fixture.snapshot.chain.names;
    fixture.snapshot.chain.name_count = 2;
    names[0] = (struct assay_granted_name){ "api", ASSAY_STANDING_WARNING };
    names[1] = (struct assay_granted_name){ "db", ASSAY_STANDING_FULL };
    fixture.members[OWNER].ledger.keys.granted = owners;
}

static inline void ask_envoy(const char *path, const char *method, const char *forwarded)
{
    struct assay_http_request request = { .method = method,
                                          .path = path,
                                          .host = "app.example",
                                          .loopback = true,
                                          .has_body = true,
                                          .parameter_count = 1,
                                          .parameters = { { "page", "2" } },
                                          .forwarded_cert = forwarded };
    ask_request(&request);
}

#endif
