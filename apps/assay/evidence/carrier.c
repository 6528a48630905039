/*
 * apps/assay/evidence/carrier.c - report of the certificate or wrapper that evidence came in.
 */
#include "apps/assay/evidence/carrier.h"

#include "apps/assay/core/text.h"

#include <stdio.h>

/* What relying parties pin: SHA-256 of the SubjectPublicKeyInfo. */
static void hash_key(const struct assay_carrier *carrier, uint8_t key[ASSAY_SHA256_LEN])
{
    assay_sha256(carrier->certificate.spki.bytes, carrier->certificate.spki.len, key);
}

/* A media type, or the number of a content format; false where the form has neither. */
static bool type_of(const struct assay_carrier *carrier, char out[ASSAY_CMW_TYPE_MAX + 1])
{
    const struct assay_cmw *const message = &carrier->message;
    if (message->value.len == 0) return false;
    if (message->type.len == 0) {
        (void)snprintf(out, ASSAY_CMW_TYPE_MAX + 1, "%u", (unsigned)message->content_format);
        return true;
    }
    (void)snprintf(out, ASSAY_CMW_TYPE_MAX + 1, "%.*s", (int)message->type.len,
                   (const char *)message->type.bytes);
    return true;
}

void cli_carrier_set_json(const struct assay_carrier *carrier, struct assay_json *data)
{
    char type[ASSAY_CMW_TYPE_MAX + 1];
    uint8_t key[ASSAY_SHA256_LEN];
    if (carrier->form == ASSAY_CARRIER_NONE) {
        assay_json_set_null(data, "carrier");
        return;
    }
    const bool has_key = assay_carrier_has_key(carrier);
    struct assay_json *const object = assay_json_set_object(data, "carrier");
    assay_json_set_text(object, "form", assay_carrier_text(carrier->form));
    assay_json_set_text(object, "type", type_of(carrier, type) ? type : NULL);
    assay_json_set_text(object, "subject", has_key ? carrier->certificate.subject_name : NULL);
    if (!has_key) {
        assay_json_set_null(object, "key");
        return;
    }
    hash_key(carrier, key);
    assay_json_set_hex(object, "key", key, sizeof key);
}

void cli_carrier_print(const struct assay_carrier *carrier)
{
    char type[ASSAY_CMW_TYPE_MAX + 1], text[2 * ASSAY_SHA256_LEN + 1];
    uint8_t key[ASSAY_SHA256_LEN];
    if (carrier->form == ASSAY_CARRIER_NONE) return;
    (void)printf("carrier     %s", assay_carrier_text(carrier->form));
    if (type_of(carrier, type)) {
        (void)printf(", type ");
        cli_text_print(type);
    }
    if (assay_carrier_has_key(carrier)) {
        hash_key(carrier, key);
        assay_hex_encode(key, sizeof key, text, sizeof text);
        (void)printf(", key %s", text);
        if (carrier->certificate.subject_name[0] != '\0') {
            (void)printf(", subject ");
            cli_text_print(carrier->certificate.subject_name);
        }
    }
    (void)putchar('\n');
}
