/*
 * tests/unit/apps/signer/test_pkcs11_uri.c - PKCS#11 URIs (RFC 7512), names of keys in messages.
 */
#include "apps/signer/pkcs11_uri.h"
#include "apps/signer/signer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct assay_pkcs11_uri uri;
static struct assay_signer_fault fault;

static void refuse(const char *text, const char *reason)
{
    cr_expect_not(assay_pkcs11_uri_parse(text, &uri, &fault), "accepted: %s", text);
    cr_expect_eq(fault.outcome, ASSAY_SIGNER_USAGE);
    cr_expect_not_null(strstr(fault.text, reason), "%s: expected \"%s\", found \"%s\"", text,
                       reason, fault.text);
}

Test(apps_token_uri, attributes_are_decoded)
{
    cr_assert(assay_pkcs11_uri_parse("token=The%20Software%20PKCS%2311;manufacturer=Snake%20Oil;"
                                     "model=1.0;serial=0a:1;object=my-key;id=%00%ff;slot-id=7;"
                                     "type=private?module-path=/usr/lib/a.so&pin-source=file:/p",
                                     &uri, &fault),
              "%s", fault.text);
    cr_expect_str_eq(uri.token, "The Software PKCS#11");
    cr_expect_str_eq(uri.manufacturer, "Snake Oil");
    cr_expect_str_eq(uri.model, "1.0");
    cr_expect_str_eq(uri.serial, "0a:1");
    cr_expect_str_eq(uri.object, "my-key");
    cr_expect_eq(uri.id_len, 2);
    cr_expect_arr_eq(uri.id, "\x00\xff", 2);
    cr_expect(uri.has_slot && uri.slot_id == 7);
    cr_expect_str_eq(uri.module_path, "/usr/lib/a.so");
    cr_expect_str_eq(uri.pin_source, "/p");
}

Test(apps_token_uri, what_is_not_understood_is_refused)
{
    char longer[2048];
    refuse("", "no key is selected");
    refuse("token=a", "no key is selected");
    refuse("object", "NAME=VALUE");
    refuse("object=", "the value of \"object\"");
    refuse("object=a b", "the value of \"object\"");
    refuse("object=%4", "the value of \"object\"");
    refuse("object=%zz", "the value of \"object\"");
    refuse("object=a%00b", "without NUL");
    refuse("object=a;object=b", "twice");
    refuse("object=a;id=%01;id=%02", "twice");
    refuse("object=a;colour=red", "\"colour\" is not supported");
    refuse("object=a;type=cert", "\"type\" is not supported");
    refuse("object=a?token=b", "after \"?\"");
    refuse("object=a;slot-id=x", "slot-id");
    refuse("object=a;slot-id=99999999999999999999", "slot-id");
    refuse("object=a?module-path=a.so", "absolute path");
    refuse("object=a?pin-source=|cat", "absolute path");
    refuse("object=a;token=123456789012345678901234567890123", "expected 1 to 32");
    (void)snprintf(longer, sizeof longer, "object=%0*d", 1500, 0);
    refuse(longer, "the value of \"object\"");
    (void)snprintf(longer, sizeof longer, "id=%0*d", 65, 0);
    refuse(longer, "65 bytes, expected 1 to 64");
}

/* A PIN in a command line is refused, and not repeated in a message or a result. */
Test(apps_token_uri, a_pin_in_a_uri_is_refused_and_not_repeated)
{
    static const char *const texts[] = {
        "pkcs11:object=a?pin-value=49152", "pkcs11:object=a;pin-value=49152",
        "pkcs11:object=a;PIN-VALUE=49152", "pkcs11:object=a?pin-source=/p&pin-value=49152",
        "pkcs11:pin-value=49152;object=a",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char label[ASSAY_SIGNER_LABEL_LEN];
        cr_expect_not(assay_pkcs11_uri_parse(texts[i] + strlen("pkcs11:"), &uri, &fault));
        cr_expect_null(strstr(fault.text, "49152"), "%s", fault.text);
        cr_expect_null(strstr(assay_signer_label(texts[i], label), "49152"), "%s", label);
    }
    refuse("object=a?pin-value=49152", "pin-value is refused");
}

Test(apps_token_uri, a_reference_is_known_by_its_scheme)
{
    char label[ASSAY_SIGNER_LABEL_LEN], longer[400];
    cr_expect(assay_signer_is_reference("pkcs11:object=a"));
    cr_expect(assay_signer_is_reference("PKCS11:object=a"));
    cr_expect(assay_signer_is_reference("ssh-agent:a"));
    cr_expect_not(assay_signer_is_reference("pkcs11"));
    cr_expect_not(assay_signer_is_reference("./pkcs11:object=a"));
    cr_expect_not(assay_signer_is_reference("alpha.key"));
    cr_expect_str_eq(assay_signer_label("ssh-agent:a\x1b[2J", label), "ssh-agent:a?[2J");
    (void)snprintf(longer, sizeof longer, "ssh-agent:%0*d", 300, 0);
    cr_expect_eq(strlen(assay_signer_label(longer, label)), sizeof label - 1);
    (void)snprintf(longer, sizeof longer, "/folder/%0*d", 300, 0);
    cr_expect_str_eq(assay_signer_label(longer, label), longer);
}
