/*
 * tests/unit/tpm/test_registrar_faults.c - tests of messages between node and registrar.
 *
 * What node and registrar tell each other, credentials and the registrar's files: refused when cut,
 * bent or of another version, and not made by halves.
 */
#include "tests/unit/tpm/simulated_tpm.h"

#include "base/cbor.h"
#include "base/file/file.h"
#include "tests/support/faults/fault.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct assay_tpm_registrar made(void)
{
    struct assay_tpm_registrar r;
    cr_assert_eq(assay_tpm_registrar_create("us", 1000, 2000, &r), ASSAY_OK);
    return r;
}

/* --- messages */

/* Decodes bytes of a message; the value stays inside. */
typedef enum assay_status (*decoder)(const uint8_t *bytes, size_t len);

static enum assay_status decode_request(const uint8_t *bytes, size_t len)
{
    struct assay_tpm_request request;
    return assay_tpm_request_decode(bytes, len, &request);
}

static enum assay_status decode_challenge(const uint8_t *bytes, size_t len)
{
    struct assay_tpm_credential credential;
    uint32_t slot = 0;
    return assay_tpm_challenge_decode(bytes, len, &slot, &credential);
}

static enum assay_status decode_pending(const uint8_t *bytes, size_t len)
{
    struct assay_tpm_challenge challenge;
    return assay_tpm_pending_decode(bytes, len, &challenge);
}

/* Whole it is read; cut anywhere, with a byte more, or of another version it is not. */
static void expect_strict(decoder decode, struct assay_slice whole)
{
    cr_assert_eq(decode(whole.bytes, whole.len), ASSAY_OK);
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *const cut = malloc(len + 1); /* to its end: the sanitizer sees one byte more */
        cr_assert_not_null(cut);
        assay_bytes_copy(cut + 1, len, whole.bytes, len);
        cr_expect_eq(decode(cut + 1, len), ASSAY_E_TRUNCATED, "%zu of %zu", len, whole.len);
        free(cut);
    }
    uint8_t *const more = calloc(1, whole.len + 1);
    cr_assert_not_null(more);
    assay_bytes_copy(more, whole.len, whole.bytes, whole.len);
    cr_expect_eq(decode(more, whole.len + 1), ASSAY_E_TRAILING);
    for (size_t i = 0; i + 1 < whole.len && i < 40; i++)
        if (more[i] == '/' && more[i + 1] == 'v') more[i + 2] = '2';
    cr_expect_eq(decode(more, whole.len), ASSAY_E_VERSION);
    more[0] ^= 1; /* one element more or less */
    cr_expect_neq(decode(more, whole.len), ASSAY_OK);
    free(more);
}

static struct assay_slice finish(const struct assay_writer *w)
{
    struct assay_slice whole;
    cr_assert_eq(assay_writer_finish(w, &whole), ASSAY_OK);
    return whole;
}

Test(tpm_registrar_faults, requests_are_read_as_written_and_strictly)
{
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_tpm_request read;
    const struct assay_tpm_request request = { .slot = 255,
                                               .ek_public = assay_slice_over("public", 6),
                                               .ek_certificate = assay_slice_over("certified", 9),
                                               .ak_public = assay_slice_over("key", 3) };
    assay_tpm_request_encode(&request, &w);
    const struct assay_slice whole = finish(&w);
    expect_strict(decode_request, whole);
    cr_assert_eq(assay_tpm_request_decode(whole.bytes, whole.len, &read), ASSAY_OK);
    cr_expect_eq(read.slot, 255);
    cr_expect(assay_slice_equal(read.ek_public, request.ek_public));
    cr_expect(assay_slice_equal(read.ek_certificate, request.ek_certificate));
    cr_expect(assay_slice_equal(read.ak_public, request.ak_public));

    struct assay_tpm_request wide = request;
    wide.slot = 256;
    w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_request_encode(&wide, &w);
    cr_expect_eq(decode_request(bytes, w.len), ASSAY_E_RANGE);
}

Test(tpm_registrar_faults, challenges_are_read_as_written_and_strictly)
{
    uint8_t bytes[1024];
    struct assay_tpm_credential credential = { .id_object_len = 3, .encrypted_secret_len = 4 };
    struct assay_tpm_credential read;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    uint32_t slot = 0;
    credential.id_object[2] = 7;
    credential.encrypted_secret[3] = 9;
    assay_tpm_challenge_encode(4, &credential, &w);
    const struct assay_slice whole = finish(&w);
    expect_strict(decode_challenge, whole);
    cr_assert_eq(assay_tpm_challenge_decode(whole.bytes, whole.len, &slot, &read), ASSAY_OK);
    cr_expect_eq(slot, 4);
    cr_expect(assay_bytes_equal(&read, &credential, sizeof read));

    credential.id_object_len = 0; /* a TPM will refuse it: the message is whole */
    w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_challenge_encode(0, &credential, &w);
    cr_expect_eq(decode_challenge(bytes, w.len), ASSAY_OK);
    uint8_t long_object[ASSAY_TPM_ID_OBJECT_MAX + 1] = { 0 };
    w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, "assay/tpm-challenge/v1");
    assay_cbor_put_uint(&w, 0);
    assay_cbor_put_bytes(&w, long_object, sizeof long_object);
    assay_cbor_put_bytes(&w, long_object, 1);
    cr_expect_neq(decode_challenge(bytes, w.len), ASSAY_OK, "one byte more than fits");
}

static size_t put_pending(uint8_t *out, size_t capacity, size_t name_len, size_t key_len,
                          size_t secret_len)
{
    static const uint8_t bytes[ASSAY_KEY_BYTES_MAX + 1];
    struct assay_writer w = assay_writer_over(out, capacity);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, "assay/tpm-pending/v1");
    assay_cbor_put_bytes(&w, bytes, name_len);
    assay_cbor_put_bytes(&w, bytes, key_len);
    assay_cbor_put_bytes(&w, bytes, secret_len);
    return finish(&w).len;
}

Test(tpm_registrar_faults, a_pending_challenge_is_kept_with_its_secret)
{
    uint8_t bytes[1024];
    struct assay_tpm_challenge challenge = { .ek_name = { 1 }, .secret = { 2 } }, read;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_tpm_registrar r = made();
    challenge.ak = r.key;
    assay_tpm_pending_encode(&challenge, &w);
    const struct assay_slice whole = finish(&w);
    expect_strict(decode_pending, whole);
    cr_assert_eq(assay_tpm_pending_decode(whole.bytes, whole.len, &read), ASSAY_OK);
    cr_expect(assay_bytes_equal(&read, &challenge, sizeof read));

    const size_t right[] = { ASSAY_SHA256_LEN, 64, ASSAY_TPM_CREDENTIAL_MAX };
    cr_assert_eq(decode_pending(bytes, put_pending(bytes, sizeof bytes, right[0], 64, right[2])),
                 ASSAY_OK);
    for (int bend = -1; bend <= 1; bend += 2)
        for (size_t field = 0; field < 3; field++) {
            size_t lens[3] = { right[0], right[1], right[2] };
            lens[field] += (size_t)bend;
            const size_t len = put_pending(bytes, sizeof bytes, lens[0], lens[1], lens[2]);
            cr_expect_neq(decode_pending(bytes, len), ASSAY_OK, "field %zu by %d", field, bend);
        }
}

/* --- credentials */

/* An endorsement key as TPMs have it, of either sort. */
static struct assay_tpm_public endorsement_key(bool is_rsa)
{
    uint8_t modulus[ASSAY_RSA_MODULUS_MIN + 4] = { 0xc0 };
    struct assay_tpm_public ek = { .type = is_rsa ? ASSAY_TPM_RSA : ASSAY_TPM_ECC,
                                   .name_alg = ASSAY_TPM_SHA256,
                                   .attributes = ASSAY_TPM_DECRYPT | ASSAY_TPM_RESTRICTED,
                                   .symmetric = ASSAY_TPM_AES,
                                   .symmetric_bits = 128,
                                   .symmetric_mode = ASSAY_TPM_CFB };
    modulus[ASSAY_RSA_MODULUS_MIN - 1] = 1;
    modulus[ASSAY_RSA_MODULUS_MIN + 1] = modulus[ASSAY_RSA_MODULUS_MIN + 3] = 1; /* 65537 */
    if (is_rsa) assay_key_from(&ek.key, ASSAY_KEY_RSA, modulus, sizeof modulus);
    else ek.key = made().key;
    return ek;
}

static enum assay_status credential_for(const struct assay_tpm_public *ek, size_t name_len,
                                        size_t secret_len)
{
    static const uint8_t bytes[ASSAY_TPM_NAME_MAX + 1];
    struct assay_tpm_credential made_now;
    return assay_tpm_credential_make(ek, assay_slice_over(bytes, name_len),
                                     assay_slice_over(bytes, secret_len), &made_now);
}

Test(tpm_registrar_faults, closes_credentials_for_storage_keys_with_aes_in_cfb_alone)
{
    for (int is_rsa = 0; is_rsa < 2; is_rsa++) {
        const struct assay_tpm_public good = endorsement_key(is_rsa == 1);
        struct assay_tpm_public ek = good;
        cr_assert_eq(credential_for(&ek, 34, 32), ASSAY_OK);
        ek.symmetric_bits = 256;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_OK);
        ek.symmetric_bits = 192;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_UNSUPPORTED);
        ek = good;
        ek.attributes = ASSAY_TPM_SIGN;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_UNSUPPORTED);
        ek = good;
        ek.symmetric = ASSAY_TPM_NULL;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_UNSUPPORTED);
        ek = good;
        ek.symmetric_mode = ASSAY_TPM_CFB + 1;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_UNSUPPORTED);
        ek = good;
        ek.name_alg = ASSAY_TPM_SHA384;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_OK);
        ek.name_alg = ASSAY_TPM_SHA512;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_OK);
        ek.name_alg = ASSAY_TPM_SM3;
        cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_UNSUPPORTED);
        cr_expect_eq(credential_for(&good, 34, 0), ASSAY_E_RANGE);
        cr_expect_eq(credential_for(&good, 34, ASSAY_TPM_CREDENTIAL_MAX + 1), ASSAY_E_RANGE);
        cr_expect_eq(credential_for(&good, 0, 32), ASSAY_E_RANGE);
        cr_expect_eq(credential_for(&good, ASSAY_TPM_NAME_MAX + 1, 32), ASSAY_E_RANGE);
    }
}

Test(tpm_registrar_faults, closes_no_credential_when_a_part_of_it_fails)
{
    for (int is_rsa = 0; is_rsa < 2; is_rsa++) {
        const struct assay_tpm_public ek = endorsement_key(is_rsa == 1);
        fault_arm(0);
        cr_assert_eq(credential_for(&ek, 34, 32), ASSAY_OK);
        const size_t calls = fault_count();
        cr_assert_geq(calls, 4); /* two derivations, encryption, the outer mac; RSA: the seed */
        for (size_t i = 1; i <= calls; i++) {
            fault_arm(i);
            cr_expect_eq(credential_for(&ek, 34, 32), ASSAY_E_CRYPTO, "call %zu", i);
        }
        fault_arm(0);
    }
}

/* --- the registrar itself */

Test(tpm_registrar_faults, has_a_name_that_fits_a_certificate)
{
    struct assay_tpm_registrar r;
    char name[ASSAY_TPM_REGISTRAR_NAME_MAX + 1] = "";
    cr_expect_eq(assay_tpm_registrar_create("", 1, 2, &r), ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_registrar_create("no\nlines", 1, 2, &r), ASSAY_E_RANGE);
    for (size_t i = 0; i < ASSAY_TPM_REGISTRAR_NAME_MAX; i++)
        name[i] = 'n';
    cr_expect_eq(assay_tpm_registrar_create(name, 1, 2, &r), ASSAY_E_RANGE);
    name[ASSAY_TPM_REGISTRAR_NAME_MAX - 1] = '\0';
    cr_expect_eq(assay_tpm_registrar_create(name, 1, 2, &r), ASSAY_OK);
    assay_tpm_registrar_wipe(&r);
    cr_expect(assay_bytes_all_zero(&r, sizeof r));
}

Test(tpm_registrar_faults, is_not_made_by_halves)
{
    struct assay_tpm_registrar r;
    fault_arm(0);
    cr_assert_eq(assay_tpm_registrar_create("us", 1000, 2000, &r), ASSAY_OK);
    const size_t calls = fault_count();
    cr_assert_geq(calls, 4); /* key, serial number, signature */
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        cr_expect_eq(assay_tpm_registrar_create("us", 1000, 2000, &r), ASSAY_E_CRYPTO, "%zu", i);
        cr_expect(assay_bytes_all_zero(&r, sizeof r), "call %zu leaves a secret", i);
    }
}

Test(tpm_registrar_faults, certifies_for_the_right_answer_and_within_its_own_time_alone)
{
    const struct assay_tpm_registrar r = made();
    struct assay_tpm_challenge challenge = { .ek_name = { 1 }, .secret = { 2 }, .ak = r.key };
    const struct assay_slice answer = assay_slice_over(challenge.secret, sizeof challenge.secret);
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
    size_t len = 0;
    cr_expect_eq(
        assay_tpm_certificate_issue(&r, &challenge, answer, 999, 1500, der, sizeof der, &len),
        ASSAY_E_RANGE);
    cr_expect_eq(
        assay_tpm_certificate_issue(&r, &challenge, answer, 1000, 2001, der, sizeof der, &len),
        ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_certificate_issue(&r, &challenge,
                                             assay_slice_over(answer.bytes, answer.len - 1), 1000,
                                             2000, der, sizeof der, &len),
                 ASSAY_E_INVALID);
    fault_arm(0);
    cr_assert_eq(
        assay_tpm_certificate_issue(&r, &challenge, answer, 1000, 2000, der, sizeof der, &len),
        ASSAY_OK);
    const size_t calls = fault_count();
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        cr_expect_eq(
            assay_tpm_certificate_issue(&r, &challenge, answer, 1000, 2000, der, sizeof der, &len),
            ASSAY_E_CRYPTO, "call %zu", i);
    }
    fault_arm(0);
    for (size_t room = 0; room + 16 < len; room += 9) { /* signatures differ by a few bytes */
        size_t written = 0;
        cr_expect_eq(
            assay_tpm_certificate_issue(&r, &challenge, answer, 1000, 2000, der, room, &written),
            ASSAY_E_FULL, "room for %zu", room);
    }
}

/* --- its files */

static void write_key(const char *dir, const struct assay_writer *w)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/registrar.key", dir);
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_SECRET, finish(w)), ASSAY_OK);
}

/* registrar.key with one thing bent: elements of the array, tag, lengths of name, secret, root. */
static void put_key(const char *dir, const struct assay_tpm_registrar *r, uint64_t count,
                    const char *tag, size_t name_len, size_t secret_len, size_t root_len)
{
    static const char names[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
    static uint8_t bytes[8192], secret[64], root[2 * ASSAY_TPM_CERTIFICATE_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_bytes_copy(secret, sizeof secret, r->secret.bytes, sizeof r->secret.bytes);
    assay_cbor_put_array(&w, count);
    assay_cbor_put_text(&w, tag);
    assay_cbor_put_text(&w, names + sizeof names - 1 - name_len);
    assay_cbor_put_int(&w, r->not_before_s);
    assay_cbor_put_int(&w, r->not_after_s);
    assay_cbor_put_bytes(&w, secret, secret_len);
    assay_cbor_put_bytes(&w, root, root_len);
    write_key(dir, &w);
}

Test(tpm_registrar_faults, is_loaded_as_it_was_saved_and_never_overwritten)
{
    const struct folder dir = folder_make();
    const char *const sub = folder_at(&dir, "registrar");
    char path[PATH_MAX];
    struct stat about;
    struct assay_tpm_registrar r = made(), read;
    cr_assert_eq(assay_tpm_registrar_load(sub, &read), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_tpm_registrar_save(&r, sub), ASSAY_OK);
    cr_assert_eq(assay_tpm_registrar_load(sub, &read), ASSAY_OK);
    cr_expect(assay_bytes_equal(&r, &read, sizeof r));
    cr_expect_eq(assay_tpm_registrar_save(&r, sub), ASSAY_E_DUPLICATE);
    static const char *const names[] = { "registrar.key", "root_ca.pem", "crl.der" };
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", sub, names[i]);
        cr_assert_eq(stat(path, &about), 0, "%s", names[i]);
        cr_expect_eq(about.st_mode & 077, i == 0 ? 0 : about.st_mode & 077);
    }
    (void)snprintf(path, sizeof path, "%s/registrar.key", sub);
    cr_assert_eq(chmod(path, 0644), 0); /* others read it: no secret any more */
    cr_expect_eq(assay_tpm_registrar_load(sub, &read), ASSAY_E_INVALID);
    folder_remove(&dir);
}

Test(tpm_registrar_faults, refuses_files_that_are_not_its_own)
{
    const struct folder dir = folder_make();
    const struct assay_tpm_registrar r = made();
    struct assay_tpm_registrar read;
    static const struct {
        uint64_t count;
        const char *tag;
        size_t name, secret, root;
        enum assay_status status;
    } bent[] = {
        { 6, "assay/tpm-registrar/v1", 4, 32, 100, ASSAY_OK },
        { 5, "assay/tpm-registrar/v1", 4, 32, 100, ASSAY_E_RANGE },
        { 6, "assay/tpm-registrar/v2", 4, 32, 100, ASSAY_E_VERSION },
        { 6, "assay/tpm-registrar/v1", 0, 32, 100, ASSAY_E_RANGE },
        { 6, "assay/tpm-registrar/v1", 32, 32, 100, ASSAY_E_RANGE },
        { 6, "assay/tpm-registrar/v1", 4, 31, 100, ASSAY_E_RANGE },
        { 6, "assay/tpm-registrar/v1", 4, 32, 0, ASSAY_E_RANGE },
        { 6, "assay/tpm-registrar/v1", 4, 32, ASSAY_TPM_CERTIFICATE_MAX + 1, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        put_key(dir.path, &r, bent[i].count, bent[i].tag, bent[i].name, bent[i].secret,
                bent[i].root);
        const enum assay_status status = assay_tpm_registrar_load(dir.path, &read);
        cr_expect_eq(status, bent[i].status, "%zu: %s", i, assay_status_symbol(status));
        if (status != ASSAY_OK) cr_expect(assay_bytes_all_zero(&read, sizeof read), "%zu", i);
    }
    folder_remove(&dir);
}

Test(tpm_registrar_faults, is_not_saved_or_loaded_by_halves)
{
    const struct folder dir = folder_make();
    const struct assay_tpm_registrar r = made();
    struct assay_tpm_registrar read;
    const char *sub = folder_put(&dir, "file", "x", 1, 0600);
    cr_expect_neq(assay_tpm_registrar_save(&r, sub), ASSAY_OK, "a file in the folder's place");
    cr_expect_eq(assay_tpm_registrar_save(&r, folder_at(&dir, "no/such")), ASSAY_E_IO);
    static char far[5000];
    for (size_t i = 0; i < sizeof far - 1; i++)
        far[i] = 'f';
    cr_expect_neq(assay_tpm_registrar_load(far, &read), ASSAY_OK);

    char name[32];
    for (size_t i = 1;; i++) { /* the key's file, the root's, the list's signature, its file */
        (void)snprintf(name, sizeof name, "saved-%zu", i);
        fault_arm(i);
        const enum assay_status status = assay_tpm_registrar_save(&r, folder_at(&dir, name));
        if (fault_count() < i) {
            cr_expect_eq(status, ASSAY_OK);
            cr_expect_geq(i, 5);
            break;
        }
        cr_expect(status == ASSAY_E_IO || status == ASSAY_E_CRYPTO, "call %zu: %s", i,
                  assay_status_symbol(status));
    }
    fault_arm(0);
    sub = folder_at(&dir, "whole");
    cr_assert_eq(assay_tpm_registrar_save(&r, sub), ASSAY_OK);
    fault_arm(1); /* its public key */
    cr_expect_eq(assay_tpm_registrar_load(sub, &read), ASSAY_E_CRYPTO);
    cr_expect(assay_bytes_all_zero(&read, sizeof read));
    fault_arm(0);
    folder_remove(&dir);
}
