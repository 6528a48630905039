/*
 * tests/unit/apps/test_backup_file.c - tests of the format of backups: what was saved is read
 * again, and whatever bytes a file has, they choose no path and nothing is read beyond them.
 */
#include "apps/assay/operate/backup_file.h"
#include "base/cbor.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096, ROUNDS = 20000 };

static const uint8_t secret[32] = { 1, 2, 3 };
static const uint8_t long_bytes[512 * 1024];

static struct assay_slice slice_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

static void add(struct assay_backup *b, enum assay_backup_kind kind, const char *name,
                struct assay_slice bytes)
{
    cr_assert_eq(assay_backup_add(b, kind, name, bytes), ASSAY_OK);
}

/* With the pieces that no backup is without, and more. */
static void fill(struct assay_backup *b)
{
    memset(b, 0, sizeof *b);
    (void)snprintf(b->version, sizeof b->version, "0.1.0");
    memset(b->chain_id, 0xc, sizeof b->chain_id);
    memset(b->node_id, 0xd, sizeof b->node_id);
    b->incarnation = 3;
    add(b, ASSAY_BACKUP_CONFIG, NULL, slice_of("config_version: 1\n"));
    add(b, ASSAY_BACKUP_DROP_IN, "10-peers.yaml", slice_of("peers: []\n"));
    add(b, ASSAY_BACKUP_DROP_IN, "20-log.yaml", slice_of("log: {}\n"));
    add(b, ASSAY_BACKUP_GENESIS, NULL, slice_of("genesis"));
    add(b, ASSAY_BACKUP_IDENTITY, NULL, assay_slice_over(secret, sizeof secret));
    add(b, ASSAY_BACKUP_BOOTSTRAP, NULL, assay_slice_over(secret, sizeof secret));
    add(b, ASSAY_BACKUP_ARCHIVE, NULL, slice_of("archive"));
    add(b, ASSAY_BACKUP_ALSO, "plan.yaml", slice_of("plan"));
}

static struct assay_slice encode(const struct assay_backup *b, uint8_t room[static ROOM])
{
    struct assay_writer w = assay_writer_over(room, ROOM);
    cr_assert_eq(assay_backup_encode(b, &w), ASSAY_OK);
    cr_assert_leq(w.len, assay_backup_content_len(b));
    return assay_slice_over(room, w.len);
}

/* Properties of everything that the decoder accepts. */
static void check_accepted(const struct assay_backup *b, struct assay_slice bytes)
{
    cr_assert(b->count <= ASSAY_BACKUP_PIECES_MAX && b->incarnation > 0);
    for (uint32_t i = 0; i < b->count; i++) {
        const struct assay_backup_piece *const p = &b->pieces[i];
        const struct assay_backup_row *const row = assay_backup_row_of(p->kind);
        cr_assert(p->name[0] != '/' && strstr(p->name, "/.") == NULL, "%s", p->name);
        cr_assert_eq(strncmp(p->name, row->name, strlen(row->name)), 0);
        cr_assert_leq(p->bytes.len, row->len_max);
        cr_assert(p->bytes.len == 0 || (p->bytes.bytes >= bytes.bytes &&
                                        p->bytes.bytes + p->bytes.len <= bytes.bytes + bytes.len));
        for (uint32_t k = 0; k < i; k++)
            cr_assert_neq(strcmp(p->name, b->pieces[k].name), 0, "one file, one meaning");
    }
}

Test(apps_backup_file, what_was_saved_is_read_again)
{
    static struct assay_backup b, again;
    uint8_t room[ROOM];
    fill(&b);
    const struct assay_slice bytes = encode(&b, room);
    cr_assert_eq(assay_backup_decode(bytes, &again), ASSAY_OK);
    check_accepted(&again, bytes);
    cr_assert(again.count == b.count && again.incarnation == 3);
    cr_assert_str_eq(again.version, "0.1.0");
    for (uint32_t i = 0; i < b.count; i++) {
        cr_assert_str_eq(again.pieces[i].name, b.pieces[i].name);
        cr_assert(assay_slice_equal(again.pieces[i].bytes, b.pieces[i].bytes));
    }
    cr_assert_str_eq(assay_backup_find(&again, ASSAY_BACKUP_ALSO)->name, "also/plan.yaml");
    cr_assert_null(assay_backup_find(&again, ASSAY_BACKUP_TIMELINE));
}

Test(apps_backup_file, a_voting_key_has_no_place_in_it)
{
    for (enum assay_backup_kind k = 0; k < ASSAY_BACKUP_KINDS; k++) {
        cr_assert_null(strstr(assay_backup_row_of(k)->name, "incarnation"));
        cr_assert_null(strstr(assay_backup_row_of(k)->name, "sqlite"));
    }
}

/* One piece of this name more, as a hostile writer could have it. */
static enum assay_status decode_with(const char *name, size_t len)
{
    static struct assay_backup b;
    static uint8_t room[ROOM + sizeof long_bytes];
    struct assay_writer w = assay_writer_over(room, sizeof room);
    fill(&b);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, "assay/backup-content/v1");
    assay_cbor_put_text(&w, b.version);
    assay_cbor_put_bytes(&w, b.chain_id, sizeof b.chain_id);
    assay_cbor_put_bytes(&w, b.node_id, sizeof b.node_id);
    assay_cbor_put_uint(&w, 3);
    assay_cbor_put_array(&w, b.count + 1);
    for (uint32_t i = 0; i <= b.count; i++) {
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_text(&w, i < b.count ? b.pieces[i].name : name);
        if (i < b.count) assay_cbor_put_bytes(&w, b.pieces[i].bytes.bytes, b.pieces[i].bytes.len);
        else assay_cbor_put_bytes(&w, long_bytes, len);
    }
    cr_assert_not(w.full);
    return assay_backup_decode(assay_slice_over(room, w.len), &b);
}

/* For its name, whatever place it has among the others. */
static bool is_refused_name(enum assay_status status)
{
    return status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_SYNTAX || status == ASSAY_E_RANGE;
}

Test(apps_backup_file, names_are_those_of_the_table)
{
    static const char *const refused[] = {
        "/etc/passwd",
        "also/../assayd.yaml",
        "also/..",
        "also/.",
        "also/",
        "also",
        "also/a/b",
        "also/.hidden",
        "also/a\nb",
        "also/a b",
        "keys/identity.keyx",
        "state/store.sqlite",
        "keys/incarnation.key",
        "../x",
        "",
        "also/\xc3\xa9",
        "also/0123456789012345678901234567890123456789012345678901234567890123456",
    };
    cr_assert_eq(decode_with("also/z", 1), ASSAY_OK);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert(is_refused_name(decode_with(refused[i], 1)), "%s", refused[i]);
}

Test(apps_backup_file, pieces_have_an_order_and_a_length)
{
    cr_assert_eq(decode_with("also/plan.yaml", 1), ASSAY_E_DUPLICATE, "twice");
    cr_assert_eq(decode_with("also/a", 1), ASSAY_E_DUPLICATE, "not ascending");
    cr_assert_eq(decode_with("state/timeline", 1), ASSAY_E_ENCODING, "after a later kind");
    cr_assert_eq(decode_with("also/z", sizeof long_bytes), ASSAY_OK);
    static struct assay_backup b;
    memset(&b, 0, sizeof b);
    cr_assert_eq(assay_backup_add(&b, ASSAY_BACKUP_CONFIG, NULL,
                                  assay_slice_over(long_bytes, sizeof long_bytes)),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_backup_add(&b, ASSAY_BACKUP_DROP_IN, "../x", slice_of("")), ASSAY_E_SYNTAX);
    for (unsigned i = 0; i < assay_backup_row_of(ASSAY_BACKUP_RECOVER)->count_max; i++)
        add(&b, ASSAY_BACKUP_RECOVER, (char[]){ (char)('0' + i), '\0' }, slice_of("r"));
    cr_assert_eq(assay_backup_add(&b, ASSAY_BACKUP_RECOVER, "9", slice_of("r")), ASSAY_E_FULL);
}

Test(apps_backup_file, without_keys_it_is_none)
{
    static struct assay_backup b, again;
    static const enum assay_backup_kind needed[] = { ASSAY_BACKUP_CONFIG, ASSAY_BACKUP_GENESIS,
                                                     ASSAY_BACKUP_IDENTITY,
                                                     ASSAY_BACKUP_BOOTSTRAP };
    uint8_t room[ROOM];
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        fill(&b);
        for (uint32_t k = 0, n = 0, count = b.count; k < count; k++) {
            if (b.pieces[k].kind != needed[i]) b.pieces[n++] = b.pieces[k];
            b.count = n;
        }
        cr_assert_eq(assay_backup_decode(encode(&b, room), &again), ASSAY_E_INVALID);
    }
    fill(&b);
    b.pieces[4].bytes.len = 31;
    cr_assert_eq(assay_backup_decode(encode(&b, room), &again), ASSAY_E_INVALID, "half a key");
}

/* Bytes of malloc: a reader that goes beyond them is found by the sanitizer. */
static void decode_copy(struct assay_slice bytes)
{
    static struct assay_backup b;
    static struct assay_backup_sealed sealed;
    uint8_t *const copy = malloc(bytes.len > 0 ? bytes.len : 1);
    cr_assert_not_null(copy);
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    const struct assay_slice all = assay_slice_over(copy, bytes.len);
    if (assay_backup_decode(all, &b) == ASSAY_OK) check_accepted(&b, all);
    if (assay_backup_split(all, &sealed) == ASSAY_OK)
        cr_assert(sealed.before.bytes == copy &&
                  sealed.content.bytes + sealed.content.len + ASSAY_CIPHER_TAG_LEN <=
                      copy + bytes.len);
    free(copy);
}

Test(apps_backup_file, no_bytes_are_read_beyond_their_end)
{
    static struct assay_backup b;
    uint8_t room[ROOM], changed[ROOM];
    fill(&b);
    const struct assay_slice bytes = encode(&b, room);
    for (size_t len = 0; len < bytes.len; len++) {
        decode_copy(assay_slice_over(room, len));
        cr_assert_neq(assay_backup_decode(assay_slice_over(room, len), &b), ASSAY_OK);
    }
    struct random random = { .state = 34 };
    for (unsigned i = 0; i < ROUNDS; i++) {
        assay_bytes_copy(changed, sizeof changed, room, bytes.len);
        for (uint64_t k = random_u64(&random) % 4 + 1; k > 0; k--)
            changed[random_u64(&random) % bytes.len] = (uint8_t)random_u64(&random);
        decode_copy(assay_slice_over(changed, bytes.len));
    }
}

static struct assay_slice seal_for_test(enum assay_backup_way way, const struct assay_secret32 *key,
                                        uint8_t room[static ROOM])
{
    static struct assay_backup b;
    uint8_t clear[ROOM];
    struct assay_backup_head head = { .at_s = 1700000000, .way = way };
    fill(&b);
    const struct assay_slice content = encode(&b, clear);
    struct assay_writer w = assay_writer_over(room, ROOM);
    memset(head.material, 5, way == ASSAY_BACKUP_PASSPHRASE ? 32 : 64);
    if (way == ASSAY_BACKUP_RECIPIENT) memset(head.recipient, 6, sizeof head.recipient);
    cr_assert_eq(assay_backup_seal(&head, key, clear, content.len, &w), ASSAY_OK);
    cr_assert(assay_bytes_all_zero(clear, content.len), "nothing stays in clear");
    return assay_slice_over(room, w.len);
}

/* A key has to be there in clear for the search to mean something. */
static bool has_secret(struct assay_slice bytes)
{
    return memmem(bytes.bytes, bytes.len, secret, sizeof secret) != NULL;
}

Test(apps_backup_file, a_file_has_no_key_in_clear_and_every_bit_of_it_counts)
{
    static struct assay_backup_sealed sealed;
    const struct assay_secret32 key = { { 42 } };
    uint8_t room[ROOM], content[ROOM];
    static struct assay_backup b;
    fill(&b);
    cr_assert(has_secret(encode(&b, content)));
    for (enum assay_backup_way way = ASSAY_BACKUP_PASSPHRASE; way <= ASSAY_BACKUP_RECIPIENT;
         way++) {
        const struct assay_slice file = seal_for_test(way, &key, room);
        cr_assert_not(has_secret(file));
        for (size_t bit = 0; bit <= 8 * file.len; bit++) {
            const bool is_changed = bit < 8 * file.len;
            if (is_changed) room[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum assay_status status = assay_backup_split(file, &sealed);
            if (status == ASSAY_OK) {
                assay_bytes_copy(content, sizeof content, sealed.content.bytes, sealed.content.len);
                status =
                    assay_cipher_open(&key, sealed.before, content, sealed.content.len, sealed.tag);
            }
            cr_assert_eq(status == ASSAY_OK, !is_changed, "bit %zu", bit);
            if (is_changed) room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        cr_assert_eq(sealed.head.at_s, 1700000000);
        cr_assert_eq(assay_backup_decode(assay_slice_over(content, sealed.content.len), &b),
                     ASSAY_OK);
    }
}
