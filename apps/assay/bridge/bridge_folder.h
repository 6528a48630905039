/*
 * apps/assay/bridge/bridge_folder.h - folder of a bridge (docs/identity.md 13.2):
 *
 *   bridge.json   name, network, algorithm, issuer; made once
 *   ca.key        key of the CA, mode 0600, PKCS #8 in PEM; ca.pem: its certificate
 *   token.key     key of tokens, mode 0600; jwks.json: the key set that relying parties get
 */
#ifndef ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_FOLDER_H
#define ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_FOLDER_H

#include "apps/assay/bridge/bridge_statement.h"

enum { CLI_BRIDGE_MESSAGE_LEN = 640 };

struct cli_bridge {
    char name[CLI_BRIDGE_NAME_MAX + 1];
    char issuer[ASSAY_SVID_ISSUER_MAX + 1]; /* of tokens; "": it signs none */
    char domain[ASSAY_SVID_DOMAIN_MAX + 1]; /* the one trust domain; "": any of the network */
    uint8_t chain_id[32];
    struct assay_keypair *ca, *token;
    struct cli_bridge_times times; /* of the CA certificate */
};

/*
 * cli_bridge_folder_create - writes the folder of a new bridge whose keys were made. It is complete
 * and durable before it has its name, so a process that is killed leaves no folder of this name.
 * In:      bridge: times: of the CA certificate to be made
 * Out:     message: the reason
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (there is one, left alone) | ASSAY_E_IO | ASSAY_E_RANGE (a
 *          path) | as bridge_statement.h
 */
ASSAY_CHECKED enum assay_status cli_bridge_folder_create(
    const char *dir, const struct cli_bridge *bridge, char message[static CLI_BRIDGE_MESSAGE_LEN]);
/*
 * cli_bridge_folder_load - reads one. Other users may neither change it nor read its keys.
 * Out:     *bridge: freed by the caller in any case; message: the reason
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_INVALID (permissions) | ASSAY_E_KEY (a key is not
 *          the one of its certificate) | ASSAY_E_SYNTAX, ASSAY_E_IO, ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status cli_bridge_folder_load(const char *dir, struct cli_bridge *bridge,
                                                       char message[static CLI_BRIDGE_MESSAGE_LEN]);
void cli_bridge_free(struct cli_bridge *bridge);

#endif
