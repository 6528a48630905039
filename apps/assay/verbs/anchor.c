/*
 * apps/assay/verbs/anchor.c - table of verbs for anchors on EVM chains (options.h).
 */
#include "apps/assay/core/options.h"

#define CONFIG                                                                                     \
    {                                                                                              \
        "config", "FILE", "anchor.yaml; its keys have the names of these options", 0               \
    }
#define RPC                                                                                        \
    { "rpc", "URL",                                                                                \
      "JSON-RPC endpoint of the chain: https://, or http:// on this machine; several separated "   \
      "by commas",                                                                                 \
      0 },                                                                                         \
    {                                                                                              \
        "ca-file", "FILE",                                                                         \
            "certification authorities of the endpoint, in PEM; default the system's", 0           \
    }
#define CONTRACT                                                                                   \
    {                                                                                              \
        "contract", "ADDRESS", "address of the anchor: 0x and 40 hex digits", 0                    \
    }
#define SENDING                                                                                    \
    { "chain", "NUMBER", "chain id (EIP-155) that transactions are signed for", 0 },               \
        { "key", "FILE",                                                                           \
          "key of the paying account: 32 bytes or 64 hex digits, readable by its owner only", 0 }, \
        { "max-fee", "GWEI",                                                                       \
          "maximum price of a unit of gas, tip included; above it the command waits", 0 },         \
        { "tip", "GWEI", "priority fee for the block producer, default a tenth of --max-fee", 0 }, \
        { "max-gas", "UNITS", "gas limit of one transaction, 21000 to 30000000, default 2000000",  \
          0 },                                                                                     \
        { "confirmations", "BLOCKS",                                                               \
          "blocks after which a transaction counts, 1 to 1024, default 12", 0 },                   \
    {                                                                                              \
        "wait", "SECONDS",                                                                         \
            "timeout of the complete command in seconds, 1 to 604800, default 3600", 0             \
    }

#define EXIT_SHOW                                                                                  \
    "10 older than 12 hours, 11 differs from this network, 12 epoch not known here, 5 no "         \
    "contract, 6 other code"
#define EXIT_SEND                                                                                  \
    "4 refused, 5 no contract, 6 another chain, network or code, 7 not enough confirmations in "   \
    "time"

const struct assay_verb assay_verbs_anchor[] = {
    { "anchor", "show", "",
      "Show the state of an AssayAnchor contract on an EVM chain, if its code is ours: network, "
      "epoch, digest of the next voters, root of the scores. Compare it with a daemon of the "
      "network, or with a proof of a member in the same epoch.",
      EXIT_SHOW,
      "assay anchor show --config /etc/assay-services/anchor.yaml\n"
      "assay anchor show --rpc https://node.example --contract "
      "0x5fbdb2315678afecb367f032d93f642f64180aa3\n",
      (const struct assay_option[]){
          CONFIG,
          RPC,
          CONTRACT,
          { "proof", "FILE", "file written by assay proof; no daemon is queried then", 0 },
          { "checkpoint", "FILE", "trusted checkpoint that the proof is verified against", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "anchor", "advance", "",
      "Advance an anchor to the newest closed epoch of a daemon, in as few transactions as the "
      "changes of voters allow, and wait until each is confirmed. Run it at least once in 12 "
      "hours, as systemd's assay-anchor.timer does: an anchor older than a day can no longer be "
      "advanced. After an interruption, run it again.",
      EXIT_SEND, "assay anchor advance --config /etc/assay-services/anchor.yaml --wait 600\n",
      (const struct assay_option[]){ CONFIG, RPC, CONTRACT, SENDING, ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "anchor", "deploy", "",
      "Deploy an anchor that starts at the newest closed epoch of a daemon. Relying parties check "
      "its state with assay anchor show.",
      EXIT_SEND, "assay anchor deploy --config /etc/assay-services/anchor.yaml\n",
      (const struct assay_option[]){ CONFIG, RPC, SENDING, ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_anchor_count = sizeof assay_verbs_anchor / sizeof assay_verbs_anchor[0];
