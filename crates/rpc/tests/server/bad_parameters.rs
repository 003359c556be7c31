//! Proper requests with wrong parameters: each gets geth's code and words.

use crate::{
    bad_input::{call, send},
    rig::Rig,
};
use serde_json::Value;

const WHO: &str = "0x0000000000000000000000000000000000000001";
const HASH: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

/// Method, parameters, code, words that the message ends with or, where they end in an ellipsis, begins with.
type Case = (&'static str, String, i64, &'static str);

/// Cases of one method: parameters, in which `WHO` and `HASH` stand for an address and a hash; code; words.
fn of(method: &'static str, cases: &[(&str, i64, &'static str)]) -> Vec<Case> {
    let fill = |params: &str| params.replace("WHO", &format!("\"{WHO}\"")).replace("HASH", &format!("\"{HASH}\""));
    cases.iter().map(|(params, code, words)| (method, fill(params), *code, *words)).collect()
}

fn counts_and_kinds() -> Vec<Case> {
    let deep = format!("[{}{}]", "[".repeat(5000), "]".repeat(5000));
    let mut cases = vec![
        (
            "eth_getBalance",
            deep.clone(),
            -32602,
            "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address",
        ),
        ("eth_simulateV1", deep, -32602, "invalid argument 0: …"),
    ];
    cases.extend(of(
        "eth_chainId",
        &[
            ("[1]", -32602, "too many arguments, want at most 0"),
            (r#"{"a":1}"#, -32602, "non-array args"),
            (r#""a""#, -32602, "non-array args"),
        ],
    ));
    cases
}

fn states() -> Vec<Case> {
    let mut cases = of(
        "eth_getBalance",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            ("null", -32602, "missing value for required argument 0"),
            ("[null]", -32602, "missing value for required argument 0"),
            (r#"[WHO,"latest",1]"#, -32602, "too many arguments, want at most 2"),
            (r#"["0x12"]"#, -32602, "invalid argument 0: hex string has length 2, want 40 for common.Address"),
            (r#"[""]"#, -32602, "invalid argument 0: hex string has length 0, want 40 for common.Address"),
            (
                r#"["0000000000000000000000000000000000000001"]"#,
                -32602,
                "invalid argument 0: json: cannot unmarshal hex string without 0x prefix into Go value of type common.Address",
            ),
            ("[5]", -32602, "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address"),
            ("[-5]", -32602, "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address"),
            ("[{}]", -32602, "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address"),
            ("[1e999]", -32602, "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address"),
            (r#"[WHO,"0x01"]"#, -32602, "invalid argument 1: hex number with leading zero digits"),
            (r#"[WHO,"0x"]"#, -32602, "invalid argument 1: hex string \"0x\""),
            (r#"[WHO,""]"#, -32602, "invalid argument 1: empty hex string"),
            (r#"[WHO,"newest"]"#, -32602, "invalid argument 1: hex string without 0x prefix"),
            (r#"[WHO,"0x-1"]"#, -32602, "invalid argument 1: invalid hex string"),
            (r#"[WHO,"0xffffffffffffffff"]"#, -32602, "invalid argument 1: blocknumber too high"),
            (r#"[WHO,"0x10000000000000000"]"#, -32602, "invalid argument 1: hex number > 64 bits"),
            ("[WHO,1]", -32602, "invalid argument 1: json: cannot unmarshal number into Go value of type string"),
            ("[WHO,{}]", -32602, "invalid argument 1: must specify either BlockHash or BlockNumber"),
            (
                r#"[WHO,{"blockHash":HASH,"blockNumber":"0x1"}]"#,
                -32602,
                "invalid argument 1: cannot specify both BlockHash and BlockNumber, choose one or the other",
            ),
            (r#"[WHO,{"blockHash":"0x1"}]"#, -32602, "invalid argument 1: json: cannot unmarshal object into Go value of type string"),
            (r#"[WHO,"0x7fffffffffffffff"]"#, -32000, "header not found"),
            ("[WHO,HASH]", -32000, "header for hash not found"),
            (r#"[WHO,{"blockHash":HASH}]"#, -32000, "header for hash not found"),
        ],
    );
    cases.extend(of("eth_getCode", &[("[WHO,HASH]", -32000, "header for hash not found"), ("[1]", -32602, "type common.Address")]));
    cases.extend(of(
        "eth_getTransactionCount",
        &[("[]", -32602, "missing value for required argument 0"), (r#"[WHO,"0x99"]"#, -32000, "header not found")],
    ));
    cases.extend(of(
        "eth_getStorageAt",
        &[
            ("[WHO]", -32602, "missing value for required argument 1"),
            (r#"[WHO,"0xasdf","latest"]"#, -32602, "invalid hex in storage key: \"0xasdf\""),
            ("[WHO,5]", -32602, "invalid argument 1: json: cannot unmarshal number into Go value of type string"),
            (r#"[WHO,"0x0","0x99"]"#, -32000, "header not found"),
        ],
    ));
    cases.extend(of(
        "eth_getProof",
        &[(r#"[WHO,["0xg"],"latest"]"#, -32602, "invalid hex in storage key: \"0xg\""), (r#"[WHO,[],"0x99"]"#, -32000, "header not found")],
    ));
    let many = vec!["\"0x1\""; 1025].join(",");
    cases.push(("eth_getProof", format!("[\"{WHO}\",[{many}]]"), -32602, "too many storage keys requested (max 1024, got 1025)"));
    cases.push(("eth_getStorageValues", format!("[{{\"{WHO}\":[{many}]}}]"), -38026, "too many slots (max 1024)"));
    cases.extend(of("eth_getStorageValues", &[("[{}]", -32602, "empty request")]));
    cases
}

fn blocks_and_transactions() -> Vec<Case> {
    let mut cases = of(
        "eth_getBlockByNumber",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            (r#"["0x1"]"#, -32602, "missing value for required argument 1"),
            (r#"["0x1","true"]"#, -32602, "invalid argument 1: json: cannot unmarshal string into Go value of type bool"),
            ("[true,false]", -32602, "invalid argument 0: hex string without 0x prefix"),
            ("[5,false]", -32602, "invalid argument 0: hex string without 0x prefix"),
            ("[HASH,false]", -32602, "invalid argument 0: hex number > 64 bits"),
            (r#"["0x8000000000000000",false]"#, -32602, "invalid argument 0: block number larger than int64"),
        ],
    );
    cases.extend(of(
        "eth_getBlockByHash",
        &[
            (
                r#"["0x1",false]"#,
                -32602,
                "invalid argument 0: json: cannot unmarshal hex string of odd length into Go value of type common.Hash",
            ),
            ("[HASH]", -32602, "missing value for required argument 1"),
            (r#"["latest",false]"#, -32602, "hex string without 0x prefix into Go value of type common.Hash"),
        ],
    ));
    cases.extend(of(
        "eth_getTransactionByHash",
        &[(r#"["0xzz"]"#, -32602, "invalid argument 0: json: cannot unmarshal invalid hex string into Go value of type common.Hash")],
    ));
    cases.extend(of(
        "eth_getTransactionByBlockNumberAndIndex",
        &[
            (r#"["latest"]"#, -32602, "missing value for required argument 1"),
            (
                r#"["latest","0x00"]"#,
                -32602,
                "invalid argument 1: json: cannot unmarshal hex number with leading zero digits into Go value of type hexutil.Uint…",
            ),
            (r#"["latest",-1]"#, -32602, "invalid argument 1: json: cannot unmarshal non-string into Go value of type hexutil.Uint…"),
        ],
    ));
    cases
}

fn sending() -> Vec<Case> {
    let mut cases = of(
        "eth_sendRawTransaction",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            (
                r#"["0x1"]"#,
                -32602,
                "invalid argument 0: json: cannot unmarshal hex string of odd length into Go value of type hexutil.Bytes",
            ),
            (r#"["1234"]"#, -32602, "json: cannot unmarshal hex string without 0x prefix into Go value of type hexutil.Bytes"),
            (r#"["0xc0",1]"#, -32602, "too many arguments, want at most 1"),
            (r#"["0x"]"#, -32000, "typed transaction too short"),
            (r#"["0x02"]"#, -32000, "typed transaction too short"),
            (r#"["0x05c0"]"#, -32000, "transaction type not supported"),
            (r#"["0x6401"]"#, -32000, "transaction type not supported"),
            (r#"["0xc0"]"#, -32000, "rlp: too few elements for types.LegacyTx"),
            (r#"["0x01c0"]"#, -32000, "rlp: too few elements for types.AccessListTx"),
            (r#"["0x02c0"]"#, -32000, "rlp: too few elements for types.DynamicFeeTx"),
            (r#"["0x04c0"]"#, -32000, "rlp: too few elements for types.SetCodeTx"),
            (r#"["0x80"]"#, -32000, "rlp: expected input list for types.LegacyTx"),
            (r#"["0x0280"]"#, -32000, "rlp: expected input list for types.DynamicFeeTx"),
            (r#"["0xdeadbeef"]"#, -32000, "rlp: value size exceeds available input length"),
        ],
    );
    cases.extend(of("eth_sendRawTransactionSync", &[(r#"["0xc0",-1]"#, -32602, "invalid argument 1: …")]));
    cases
}

fn calls() -> Vec<Case> {
    let mut cases = of(
        "eth_call",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            (r#"["0x"]"#, -32602, "invalid argument 0: json: cannot unmarshal string into Go value of type ethapi.TransactionArgs"),
            (r#"[{"to":"0x12"}]"#, -32602, "invalid argument 0: hex string has length 2, want 40 for common.Address"),
            (
                r#"[{"gas":"0xfffffffffffffffff"}]"#,
                -32602,
                "json: cannot unmarshal hex number > 64 bits into Go struct field TransactionArgs.gas of type hexutil.Uint64",
            ),
            (
                r#"[{"value":-1}]"#,
                -32602,
                "json: cannot unmarshal non-string into Go struct field TransactionArgs.value of type *hexutil.Big",
            ),
            (r#"[{"gasPrice":"0x1","maxFeePerGas":"0x1"}]"#, -32000, "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"),
            (
                r#"[{"data":"0x01","input":"0x02"}]"#,
                -32000,
                "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data",
            ),
            (r#"[{"chainId":"0x1"}]"#, -32000, "chainId does not match node's (have=1, want=630925)"),
            (r#"[{},"0x99"]"#, -32000, "header not found"),
            ("[{},HASH]", -32000, "header for hash not found"),
        ],
    );
    cases.extend(of(
        "eth_estimateGas",
        &[(r#"[{"data":"0x1"}]"#, -32602, "hex string of odd length into Go struct field TransactionArgs.data of type hexutil.Bytes")],
    ));
    cases.extend(of("eth_simulateV1", &[(r#"[{"blockStateCalls":[]}]"#, -32602, "empty input")]));
    cases
}

fn logs() -> Vec<Case> {
    let mut cases = of(
        "eth_getLogs",
        &[
            (r#"[{"topics":"0x12"}]"#, -32602, "json: cannot unmarshal string into Go struct field input.topics of type []interface {}"),
            (r#"[{"topics":["0x12"]}]"#, -32602, "invalid argument 0: hex has invalid length 1 after decoding; expected 32 for topic"),
            (r#"[{"topics":[5]}]"#, -32602, "invalid argument 0: invalid topic(s)"),
            (r#"[{"topics":[null,null,null,null,null]}]"#, -32602, "invalid argument 0: exceed max topics"),
            (r#"[{"address":"0x12"}]"#, -32602, "invalid address: hex has invalid length 1 after decoding; expected 20 for address"),
            (r#"[{"address":[WHO,5]}]"#, -32602, "invalid argument 0: non-string address at index 1"),
            (r#"[{"address":5}]"#, -32602, "invalid argument 0: invalid addresses in query"),
            (r#"[{"fromBlock":"0x2","toBlock":"0x1"}]"#, -32602, "invalid block range params"),
            (r#"[{"fromBlock":"2"}]"#, -32602, "invalid argument 0: hex string without 0x prefix"),
            (
                r#"[{"blockHash":HASH,"fromBlock":"0x1"}]"#,
                -32602,
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
            ),
            (
                r#"[{"blockHash":"0x1"}]"#,
                -32602,
                "json: cannot unmarshal hex string of odd length into Go struct field input.blockHash of type common.Hash",
            ),
            (r#"[{"blockHash":HASH}]"#, -32000, "unknown block"),
            (r#"[{"fromBlock":"pending"}]"#, -32602, "pending logs are not supported"),
            ("[5]", -32602, "invalid argument 0: json: cannot unmarshal number into Go value of type filters.input"),
        ],
    );
    cases.extend(of("eth_newFilter", &[(r#"[{"address":[1]}]"#, -32602, "invalid argument 0: non-string address at index 0")]));
    cases.extend(of("eth_getFilterChanges", &[(r#"["0x1234"]"#, -32000, "filter not found")]));
    cases.extend(of("eth_getFilterLogs", &[(r#"["0x1234"]"#, -32000, "filter not found")]));
    cases.extend(of(
        "eth_feeHistory",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            (r#"["0x1"]"#, -32602, "missing value for required argument 1"),
            (r#"["0x1","latest",[101]]"#, -32000, "invalid reward percentile: 101.000000"),
            (r#"["0x1","latest",[50,10]]"#, -32000, "invalid reward percentile: #0:50.000000 >= #1:10.000000"),
            (r#"["0x1","latest",["a"]]"#, -32602, "json: cannot unmarshal string into Go value of type float64"),
            (r#"["0xg","latest",[]]"#, -32602, "invalid argument 0: invalid hex or decimal integer \"0xg\""),
            (r#"["0x1","0x99",[]]"#, -32000, "request beyond head block: requested 153, head 0"),
        ],
    ));
    cases.extend(of("web3_sha3", &[(r#"["0xabc"]"#, -32602, "hex string of odd length into Go value of type hexutil.Bytes")]));
    cases
}

fn traces() -> Vec<Case> {
    let mut cases = of(
        "debug_traceTransaction",
        &[
            (r#"["0x12"]"#, -32602, "invalid argument 0: hex string has length 2, want 64 for common.Hash"),
            ("[HASH]", -32000, "transaction not found"),
            (r#"[HASH,{"tracer":5}]"#, -32602, "json: cannot unmarshal number into Go struct field TraceConfig.Tracer of type string"),
        ],
    );
    cases.extend(of(
        "debug_traceBlockByNumber",
        &[(r#"["0x0"]"#, -32000, "genesis is not traceable"), (r#"["0x99"]"#, -32000, "block #153 not found")],
    ));
    cases.push((
        "debug_traceBlockByHash",
        format!("[\"{HASH}\"]"),
        -32000,
        "block 0x1111111111111111111111111111111111111111111111111111111111111111 not found",
    ));
    cases.push((
        "debug_traceBadBlock",
        format!("[\"{HASH}\"]"),
        -32000,
        "bad block 0x1111111111111111111111111111111111111111111111111111111111111111 not found",
    ));
    cases.extend(of("debug_traceBlock", &[(r#"["0xc0"]"#, -32000, "could not decode block: …")]));
    cases.extend(of(
        "debug_traceCall",
        &[
            (r#"[{},"0x99"]"#, -32000, "block #153 not found"),
            (r#"[{"gas":1},"latest"]"#, -32602, "non-string into Go struct field TransactionArgs.gas of type hexutil.Uint64"),
            (r#"[{},"latest",{"timeout":"soon"}]"#, -32000, "time: invalid duration \"soon\""),
        ],
    ));
    for method in ["debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"] {
        cases.extend(of(
            method,
            &[
                ("[HASH]", -32000, "not found"),
                ("[5]", -32602, "invalid argument 0: json: cannot unmarshal number into Go value of type string"),
            ],
        ));
    }
    cases.extend(of("debug_intermediateRoots", &[("[HASH]", -32000, "not found")]));
    cases.extend(of(
        "debug_getModifiedAccountsByNumber",
        &[
            ("[]", -32602, "missing value for required argument 0"),
            ("[153]", -32000, "start block 99 not found"),
            ("[0,153]", -32000, "end block 153 not found"),
            ("[0]", -32000, "block 0 has no parent"),
            ("[0,0]", -32000, "start block height (0) must be less than end block height (0)"),
        ],
    ));
    cases.push((
        "debug_getModifiedAccountsByHash",
        format!("[\"{HASH}\"]"),
        -32000,
        "start block 1111111111111111111111111111111111111111111111111111111111111111 not found",
    ));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_parameters_get_geths_words() {
    let rig = Rig::rollup().await;
    let all = [counts_and_kinds(), states(), blocks_and_transactions(), sending(), calls(), logs(), traces()].concat();
    let mut wrong = Vec::new();
    for (method, params, code, words) in all {
        let response = send(rig.address, &call(method, &params)).await;
        let answer: Value = serde_json::from_str(&response.body).unwrap();
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        let matches = match words.strip_suffix('…') {
            Some(beginning) => message.starts_with(beginning),
            None => message.ends_with(words),
        };
        if answer["error"]["code"] != code || !matches {
            wrong.push(format!("{method} {}: {answer}, not {code} {words}", &params[..params.len().min(100)]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
