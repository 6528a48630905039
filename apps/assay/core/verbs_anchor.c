/*
 * apps/assay/core/verbs_anchor.c - the verbs of anchors on EVM chains (options.h).
 */
#include "apps/assay/core/options.h"

#define CONFIG                                                                                     \
    {                                                                                              \
        "config", "FILE", "anchor.yaml, with keys named like these options", 0                     \
    }
#define RPC                                                                                        \
    { "rpc", "URL",                                                                                \
      "a node of the chain, https://, or http:// of this machine; several: with commas", 0 },      \
    {                                                                                              \
        "ca-file", "FILE", "authorities of its certificate in PEM, default the system's", 0        \
    }
#define CONTRACT                                                                                   \
    {                                                                                              \
        "contract", "ADDRESS", "of the anchor, 0x and 40 digits", 0                                \
    }
#define SENDING                                                                                    \
    { "chain", "NUMBER", "the chain's number (EIP-155): it is signed for no other", 0 },           \
        { "key", "FILE", "of the account that pays: 32 bytes or 64 digits, for its owner alone",   \
          0 },                                                                                     \
        { "max-fee", "GWEI",                                                                       \
          "the most that a unit of gas may cost, tip included; dearer: it waits", 0 },             \
        { "tip", "GWEI", "of it for who makes the block, default a tenth of --max-fee", 0 },       \
        { "max-gas", "UNITS", "the most that one transaction may take, default 2000000", 0 },      \
        { "confirmations", "BLOCKS", "it counts so many blocks deep, 1 to 1024, default 12", 0 },  \
    {                                                                                              \
        "wait", "SECONDS", "how long it may take in all, default 3600", 0                          \
    }

#define EXIT_SHOW                                                                                  \
    "10 older than half a day, 11 not what this network says, 12 nothing here speaks of that "     \
    "epoch, 5 no contract, 6 other code"
#define EXIT_SEND                                                                                  \
    "4 refused, 5 no contract, 6 another chain, network or code, 7 not deep enough yet"

const struct assay_verb assay_verbs_anchor[] = {
    { "anchor", "show", "",
      "What a contract AssayAnchor on an EVM chain holds, when its code is ours: network, epoch, "
      "digest of who votes next, root of the scores; compared with what a daemon of the network "
      "says of that epoch, or with a proof of a member of that very epoch.",
      EXIT_SHOW,
      "assay anchor show --config /etc/assay-services/anchor.yaml\n"
      "assay anchor show --rpc https://node.example --contract "
      "0x5fbdb2315678afecb367f032d93f642f64180aa3\n",
      (const struct assay_option[]){
          CONFIG,
          RPC,
          CONTRACT,
          { "proof", "FILE", "of assay proof; then no daemon is asked", 0 },
          { "checkpoint", "FILE", "what the proof is believed by", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "anchor", "advance", "",
      "Brings an anchor to the newest closed epoch of a daemon, in as few transactions as the "
      "changes of voters allow, and waits until each is deep enough. Run it at least once in 12 "
      "hours, as systemd's assay-anchor.timer does: an anchor that is older than a day is dead. "
      "Ended before, it is simply run again.",
      EXIT_SEND, "assay anchor advance --config /etc/assay-services/anchor.yaml --wait 600\n",
      (const struct assay_option[]){ CONFIG, RPC, CONTRACT, SENDING, ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "anchor", "deploy", "",
      "Makes an anchor that begins with the newest closed epoch of a daemon. Whoever relies on it "
      "compares what it holds (assay anchor show).",
      EXIT_SEND, "assay anchor deploy --config /etc/assay-services/anchor.yaml\n",
      (const struct assay_option[]){ CONFIG, RPC, SENDING, ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_anchor_count = sizeof assay_verbs_anchor / sizeof assay_verbs_anchor[0];
