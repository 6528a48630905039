/*
 * apps/signer/pkcs11_uri.h - PKCS#11 URI of a key (RFC 7512): attributes that select module, token
 * and object, and the file of the PIN.
 */
#ifndef ASSAY_APPS_SIGNER_PKCS11_URI_H
#define ASSAY_APPS_SIGNER_PKCS11_URI_H

#include "apps/signer/fault.h"

enum {
    ASSAY_PKCS11_LABEL_MAX = 32, /* of a token, as the standard pads it */
    ASSAY_PKCS11_OBJECT_MAX = 128,
    ASSAY_PKCS11_ID_MAX = 64,
    ASSAY_PKCS11_PATH_MAX = 1024,
};

/* Texts are "" where the URI does not have the attribute. */
struct assay_pkcs11_uri {
    char token[ASSAY_PKCS11_LABEL_MAX + 1];
    char manufacturer[ASSAY_PKCS11_LABEL_MAX + 1];
    char model[16 + 1];
    char serial[16 + 1];
    char object[ASSAY_PKCS11_OBJECT_MAX + 1];
    uint8_t id[ASSAY_PKCS11_ID_MAX];
    size_t id_len;
    bool has_slot;
    unsigned long slot_id;
    char module_path[ASSAY_PKCS11_PATH_MAX];
    char pin_source[ASSAY_PKCS11_PATH_MAX]; /* an absolute path, without file: */
};

/*
 * assay_pkcs11_uri_parse - the part of a URI after "pkcs11:".
 *
 * It has to select an object, by label or id. An attribute that is not known is refused: a key
 * would be selected by less than the operator wrote. A PIN in the URI (pin-value) is refused.
 * Returns: true | false and *fault, without the text of the URI
 */
bool assay_pkcs11_uri_parse(const char *text, struct assay_pkcs11_uri *uri,
                            struct assay_signer_fault *fault);

#endif
