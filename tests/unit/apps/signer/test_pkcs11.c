/*
 * tests/unit/apps/signer/test_pkcs11.c - keys of PKCS#11 tokens, by honest and hostile modules.
 *
 * The module is fake_module.c; softhsm2 is tried by tests/integration/cli/setup/operator_keys.sh.
 */
#include "apps/signer/pkcs11.h"
#include "apps/signer/signer.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char pin[] = "pin-49152";
static const char body_text[] = "what operators sign";

static struct folder folder;
static struct assay_signer *signer;
static struct assay_signer_fault fault;
static char reference[1024];

static void set_up(void)
{
    folder = folder_make();
    (void)folder_put(&folder, "pin", "pin-49152\n", 10, 0600);
    (void)unsetenv("ASSAY_FAKE_TOKEN");
    (void)setenv("ASSAY_FAKE_PIN", pin, 1);
    (void)setenv("ASSAY_PKCS11_MODULE", ASSAY_FAKE_MODULE, 1);
}

static void tear_down(void)
{
    assay_signer_close(&signer);
    folder_remove(&folder);
}

TestSuite(apps_token, .init = set_up, .fini = tear_down, .timeout = 120);

/* A URI of these attributes, with the PIN's file. */
static bool open_key(const char *attributes)
{
    assay_signer_close(&signer);
    (void)snprintf(reference, sizeof reference, "pkcs11:%s?pin-source=file:%s", attributes,
                   folder_at(&folder, "pin"));
    fault = (struct assay_signer_fault){ .outcome = ASSAY_SIGNER_OK };
    return assay_signer_open(reference, &signer, &fault);
}

static void expect_fault(enum assay_signer_outcome outcome, const char *text)
{
    cr_expect_eq(fault.outcome, outcome, "%d: %s", (int)fault.outcome, fault.text);
    cr_expect_not_null(strstr(fault.text, text), "expected \"%s\", found \"%s\"", text, fault.text);
    cr_expect_null(strstr(fault.text, pin), "the PIN is in the message");
    for (const char *c = fault.text; *c != '\0'; c++)
        cr_expect(*c >= ' ' && *c <= '~', "byte %d is in the message", *c);
}

static void refuse_open(const char *behaviour, enum assay_signer_outcome outcome, const char *text)
{
    (void)setenv("ASSAY_FAKE_TOKEN", behaviour, 1);
    cr_expect_not(open_key("token=alpha;object=operator"), "%s was accepted", behaviour);
    cr_expect_null(signer);
    expect_fault(outcome, text);
}

static bool sign_body(uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    return assay_signer_sign(signer, assay_slice_over(body_text, sizeof body_text - 1), signature,
                             &fault);
}

static void refuse_signature(const char *behaviour, enum assay_signer_outcome outcome,
                             const char *text)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    (void)setenv("ASSAY_FAKE_TOKEN", behaviour, 1);
    cr_assert(open_key("token=alpha;object=operator"), "%s: %s", behaviour, fault.text);
    cr_expect_not(sign_body(signature), "%s was accepted", behaviour);
    cr_expect(assay_bytes_all_zero(signature, sizeof signature), "%s left a signature", behaviour);
    expect_fault(outcome, text);
}

/* The public key of token number i of the module. */
static void public_of(unsigned i, uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_secret32 secret = { .bytes = { 0 } };
    secret.bytes[31] = (uint8_t)(11 + i);
    cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
}

static void expect_good(const uint8_t *signature, unsigned token)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], digest[ASSAY_SHA256_LEN];
    struct assay_p256 *key = NULL;
    public_of(token, public_key);
    assay_sha256(body_text, sizeof body_text - 1, digest);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_expect(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    assay_p256_free(&key);
}

Test(apps_token, the_key_of_the_named_token_signs)
{
    static const char *const tokens[] = { "token=alpha;object=operator", "serial=0002;id=%07" };
    for (unsigned i = 0; i < 2; i++) {
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN], expected[ASSAY_P256_PUBLIC_LEN];
        cr_assert(open_key(tokens[i]), "%s", fault.text);
        public_of(i, expected);
        cr_expect_arr_eq(assay_signer_public(signer), expected, sizeof expected);
        cr_assert(sign_body(signature), "%s", fault.text);
        expect_good(signature, i);
    }
}

Test(apps_token, another_token_is_never_used)
{
    static const struct {
        const char *attributes, *text;
        enum assay_signer_outcome outcome;
    } cases[] = {
        { "token=gamma;object=operator", "no token fits", ASSAY_SIGNER_NOT_FOUND },
        { "token=alph;object=operator", "no token fits", ASSAY_SIGNER_NOT_FOUND },
        { "token=alpha;serial=0002;object=operator", "no token fits", ASSAY_SIGNER_NOT_FOUND },
        { "token=alpha;model=real;object=operator", "no token fits", ASSAY_SIGNER_NOT_FOUND },
        { "token=alpha;slot-id=1;object=operator", "no token fits", ASSAY_SIGNER_NOT_FOUND },
        { "object=operator", "2 tokens fit", ASSAY_SIGNER_CONFLICT },
        { "token=alpha;object=other", "no private key", ASSAY_SIGNER_NOT_FOUND },
        { "token=alpha;object=operator;id=%08", "no private key", ASSAY_SIGNER_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_not(open_key(cases[i].attributes), "%s", cases[i].attributes);
        expect_fault(cases[i].outcome, cases[i].text);
    }
    refuse_open("twins", ASSAY_SIGNER_CONFLICT, "serial 0002");
    refuse_open("no-token", ASSAY_SIGNER_NOT_FOUND, "has no token: insert it");
    refuse_open("hostile-label", ASSAY_SIGNER_NOT_FOUND, "????");
}

Test(apps_token, a_high_s_is_replaced_by_the_low_one)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    (void)setenv("ASSAY_FAKE_TOKEN", "high-s", 1);
    cr_assert(open_key("token=beta;object=operator"), "%s", fault.text);
    cr_assert(sign_body(signature), "%s", fault.text);
    expect_good(signature, 1);
}

Test(apps_token, a_signature_that_does_not_verify_is_no_signature)
{
    refuse_signature("other-key", ASSAY_SIGNER_FAULTY, "does not verify");
    refuse_signature("s-out-of-range", ASSAY_SIGNER_FAULTY, "does not verify");
    refuse_signature("zero", ASSAY_SIGNER_FAULTY, "does not verify");
    refuse_signature("short-signature", ASSAY_SIGNER_FAULTY, "63 bytes, expected 64");
    refuse_signature("long-signature", ASSAY_SIGNER_FAULTY, "1000000 bytes, expected 64");
    refuse_signature("declined", ASSAY_SIGNER_DENIED, "CKR_FUNCTION_CANCELED");
}

Test(apps_token, a_key_of_another_type_or_curve_is_refused)
{
    refuse_open("rsa", ASSAY_SIGNER_UNFIT, "(RSA), expected an EC key");
    refuse_open("p384", ASSAY_SIGNER_UNFIT, "expected P-256");
    refuse_open("off-curve", ASSAY_SIGNER_FAULTY, "public key cannot be used");
    refuse_open("short-point", ASSAY_SIGNER_NOT_FOUND, "no public half");
    (void)setenv("ASSAY_FAKE_TOKEN", "bare-point", 1);
    cr_expect(open_key("token=alpha;object=operator"), "%s", fault.text);
}

Test(apps_token, lengths_of_a_module_are_bounded)
{
    refuse_open("many-slots", ASSAY_SIGNER_FAULTY, "more than 64 slots");
    refuse_open("many-objects", ASSAY_SIGNER_FAULTY, "1000000 objects");
    refuse_open("two-objects", ASSAY_SIGNER_CONFLICT, "several private keys");
    refuse_open("lengths", ASSAY_SIGNER_UNFIT, "expected an EC key");
    refuse_open("no-functions", ASSAY_SIGNER_FAULTY, "no PKCS#11 module");
    refuse_open("start", ASSAY_SIGNER_INTERNAL, "CKR_GENERAL_ERROR");
}

Test(apps_token, a_module_without_a_function_is_refused)
{
    static const char *const names[] = {
        "C_Initialize",
        "C_Finalize",
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_OpenSession",
        "C_CloseSession",
        "C_Login",
        "C_Logout",
        "C_FindObjectsInit",
        "C_FindObjects",
        "C_FindObjectsFinal",
        "C_GetAttributeValue",
        "C_SignInit",
        "C_Sign",
        "C_GenerateKeyPair",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char behaviour[64], text[64];
        (void)snprintf(behaviour, sizeof behaviour, "without-%s", names[i]);
        (void)snprintf(text, sizeof text, "has no function %s, expected", names[i]);
        refuse_open(behaviour, ASSAY_SIGNER_FAULTY, text);
    }
    (void)unsetenv("ASSAY_FAKE_TOKEN");
    cr_expect(open_key("token=alpha;object=operator"), "%s", fault.text);
}

Test(apps_token, a_wrong_pin_is_reported_with_the_tries_left)
{
    (void)setenv("ASSAY_FAKE_PIN", "another", 1);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_DENIED, "wrong PIN of token \"alpha\"");
    refuse_open("then-final", ASSAY_SIGNER_DENIED, "one try is left");
    refuse_open("locked", ASSAY_SIGNER_DENIED, "is locked");
}

Test(apps_token, the_last_try_is_not_spent_on_a_file)
{
    refuse_open("final-try", ASSAY_SIGNER_DENIED, "leave out pin-source");
}

Test(apps_token, a_pin_comes_from_a_file_of_the_owner_alone)
{
    (void)folder_put(&folder, "pin", "pin-49152\n", 10, 0644);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_USAGE, "pin-source");
    (void)unlink(folder_at(&folder, "pin"));
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_NOT_FOUND, "no such file");
    (void)folder_put(&folder, "pin", "pin-49152\nmore\n", 15, 0600);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_USAGE, "expected one line");
    (void)folder_put(&folder, "pin", "\n", 1, 0600);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_USAGE, "expected one line");
    (void)folder_put(&folder, "pin", pin, strlen(pin), 0600); /* without a newline */
    cr_expect(open_key("token=alpha;object=operator"), "%s", fault.text);
}

/* Everything that is printed while a key is opened, with a wrong PIN too. */
Test(apps_token, no_output_has_the_pin_in_it)
{
    char text[4096] = "";
    const char *const log = folder_at(&folder, "log");
    const int before = dup(STDERR_FILENO);
    const int out = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(before >= 0 && out >= 0);
    cr_assert_eq(dup2(out, STDERR_FILENO), STDERR_FILENO);
    const bool good = open_key("token=alpha;object=operator");
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const bool is_signed = good && sign_body(signature);
    (void)setenv("ASSAY_FAKE_PIN", "another", 1);
    const bool wrong = open_key("token=alpha;object=operator");
    (void)dup2(before, STDERR_FILENO);
    cr_expect(good && is_signed && !wrong);
    expect_fault(ASSAY_SIGNER_DENIED, "wrong PIN");
    cr_assert(pread(out, text, sizeof text - 1, 0) >= 0);
    cr_expect_null(strstr(text, pin), "%s", text);
}

Test(apps_token, a_key_that_wants_its_pin_each_time_gets_it)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    (void)setenv("ASSAY_FAKE_TOKEN", "each-time", 1);
    cr_assert(open_key("token=alpha;object=operator"), "%s", fault.text);
    for (int i = 0; i < 2; i++) {
        cr_assert(sign_body(signature), "%s", fault.text);
        expect_good(signature, 0);
    }
}

Test(apps_token, a_module_is_named_by_an_absolute_path)
{
    (void)setenv("ASSAY_PKCS11_MODULE", "module.so", 1);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_USAGE, "expected an absolute path");
    (void)setenv("ASSAY_PKCS11_MODULE", "/nowhere/module.so", 1);
    cr_expect_not(open_key("token=alpha;object=operator"));
    expect_fault(ASSAY_SIGNER_NOT_FOUND, "/nowhere/module.so");
    (void)snprintf(reference, sizeof reference,
                   "pkcs11:token=alpha;object=operator?module-path=%s&pin-source=%s",
                   ASSAY_FAKE_MODULE, folder_at(&folder, "pin"));
    cr_expect(assay_signer_open(reference, &signer, &fault), "%s", fault.text);
}

static void refuse_pair(const char *attributes, enum assay_signer_outcome outcome, const char *text)
{
    (void)snprintf(reference, sizeof reference, "pkcs11:token=alpha;%s?pin-source=%s", attributes,
                   folder_at(&folder, "pin"));
    cr_expect_not(assay_signer_generate(reference, &signer, &fault), "%s", attributes);
    cr_expect_null(signer);
    expect_fault(outcome, text);
}

Test(apps_token, a_pair_is_generated_under_a_new_label_only)
{
    refuse_pair("object=operator", ASSAY_SIGNER_CONFLICT, "private key with this label already");
    refuse_pair("object=new", ASSAY_SIGNER_INTERNAL, "CKR_TOKEN_WRITE_PROTECTED");
    refuse_pair("id=%09", ASSAY_SIGNER_USAGE, "needs a label");
}

/* A second pair with the id of a key would make that key unusable: its public half is found by id.
 */
Test(apps_token, a_pair_is_generated_under_a_new_id_only)
{
    refuse_pair("object=new;id=%07", ASSAY_SIGNER_CONFLICT, "private key with this id already");
    refuse_pair("object=new;id=%09", ASSAY_SIGNER_INTERNAL, "CKR_TOKEN_WRITE_PROTECTED");
    (void)setenv("ASSAY_FAKE_TOKEN", "public-alone", 1);
    refuse_pair("object=new;id=%07", ASSAY_SIGNER_CONFLICT, "public key with this id already");
    refuse_pair("object=operator", ASSAY_SIGNER_CONFLICT, "public key with this label already");
}
