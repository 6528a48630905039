/*
 * apps/config/card.c - node cards: public keys of a node, as written by `assay keys generate`.
 */
#include "apps/config/yaml.h"

struct yaml_card {
    char *card_version, *name, *node_id;
    char *identity_public, *bootstrap_public, *voting_public, *transport_public;
};

#define FIELD(name) ASSAY_CONFIG_FIELD(#name, struct yaml_card, name)

static const cyaml_schema_field_t card_fields[] = {
    FIELD(card_version),     FIELD(name),          FIELD(node_id),          FIELD(identity_public),
    FIELD(bootstrap_public), FIELD(voting_public), FIELD(transport_public), CYAML_FIELD_END,
};
static const cyaml_schema_value_t card_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_card, card_fields) };

static enum assay_status take_card(const struct assay_config_file *file,
                                   struct assay_node_card *card)
{
    const struct yaml_card *yaml = file->data;
    uint8_t named[32];
    ASSAY_TRY(assay_config_take_version(file, "card_version", yaml->card_version));
    ASSAY_TRY(assay_config_take_name(file, "name", yaml->name, card->name));
    ASSAY_TRY(assay_config_take_hex(file, "node_id", yaml->node_id, named, sizeof named));
    ASSAY_TRY(assay_config_take_hex(file, "identity_public", yaml->identity_public,
                                    card->identity_public, sizeof card->identity_public));
    ASSAY_TRY(assay_config_take_hex(file, "bootstrap_public", yaml->bootstrap_public,
                                    card->bootstrap_public, sizeof card->bootstrap_public));
    ASSAY_TRY(assay_config_take_hex(file, "voting_public", yaml->voting_public, card->voting_public,
                                    sizeof card->voting_public));
    ASSAY_TRY(assay_config_take_hex(file, "transport_public", yaml->transport_public,
                                    card->transport_public, sizeof card->transport_public));
    assay_sha256(card->identity_public, sizeof card->identity_public, card->node_id);
    if (!assay_bytes_equal(named, card->node_id, sizeof named))
        return assay_config_fail(file, ASSAY_E_KEY, "node_id",
                                 "is not the SHA-256 of identity_public");
    return ASSAY_OK;
}

enum assay_status assay_node_card_load(const char *path, struct assay_node_card *card,
                                       char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path, .schema = &card_schema, .message = message };
    struct assay_node_card found = { .name = "" };
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK) status = take_card(&file, &found);
    if (status == ASSAY_OK) *card = found;
    assay_config_close(&file);
    return status;
}
