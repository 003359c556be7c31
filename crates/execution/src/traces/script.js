(function () {
    // geth's scripts know big-integer's `bigInt`; here its usual methods stand on the language's own BigInt.
    const methods = {
        add: (a, b) => a + b, plus: (a, b) => a + b,
        subtract: (a, b) => a - b, minus: (a, b) => a - b,
        multiply: (a, b) => a * b, times: (a, b) => a * b,
        divide: (a, b) => a / b, over: (a, b) => a / b,
        mod: (a, b) => a % b, remainder: (a, b) => a % b,
        pow: (a, b) => a ** b,
        and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b,
        shiftLeft: (a, b) => a << b, shiftRight: (a, b) => a >> b,
        compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0), compareTo: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
        equals: (a, b) => a === b, eq: (a, b) => a === b, notEquals: (a, b) => a !== b, neq: (a, b) => a !== b,
        greater: (a, b) => a > b, gt: (a, b) => a > b, greaterOrEquals: (a, b) => a >= b, geq: (a, b) => a >= b,
        lesser: (a, b) => a < b, lt: (a, b) => a < b, lesserOrEquals: (a, b) => a <= b, leq: (a, b) => a <= b,
    };
    for (const name in methods) {
        BigInt.prototype[name] = function (other) { return methods[name](BigInt(this), BigInt(other)); };
    }
    BigInt.prototype.isZero = function () { return BigInt(this) === 0n; };
    BigInt.prototype.isNegative = function () { return BigInt(this) < 0n; };
    BigInt.prototype.abs = function () { return BigInt(this) < 0n ? -BigInt(this) : BigInt(this); };
    BigInt.prototype.negate = function () { return -BigInt(this); };
    BigInt.prototype.toJSNumber = function () { return Number(this); };
    globalThis.bigInt = function (value, base) {
        if (value === undefined) { return 0n; }
        if (typeof value === 'string' && Number(base) === 16) { return BigInt('0x' + value.replace(/^0x/, '')); }
        return BigInt(value);
    };

    const tracer = (
TRACER_CODE
    );
    if (tracer === null || typeof tracer !== 'object') { return tracer; }
    const has = (name) => typeof tracer[name] === 'function';
    if (has('enter') !== has('exit')) {
        throw new TypeError('trace object must expose either both or none of enter() and exit()');
    }

    // A failing script ends its trace with an error, as in geth. A limit of the engine cannot be caught: it shows in that a function never came back.
    let failure = null;
    let running = null;
    const inside = (name) => "    in server-side tracer function '" + name + "'";
    const guarded = (name) => function (...given) {
        if (failure !== null || running !== null) { return; }
        running = name;
        try {
            tracer[name](...given);
        } catch (error) {
            failure = String(error) + inside(name);
        }
        running = null;
    };
    const wrapped = {};
    for (const name of ['step', 'enter', 'exit', 'fault']) {
        if (has(name)) { wrapped[name] = guarded(name); }
    }
    if (has('setup')) {
        wrapped.setup = (config) => tracer.setup(JSON.stringify(config));
    }
    if (has('result')) {
        wrapped.result = function (ctx, db) {
            if (running !== null) { failure = 'RangeError: limit of loops or recursion reached' + inside(running); }
            if (failure !== null) { return { failure }; }
            try {
                return { value: tracer.result(ctx, db) };
            } catch (error) {
                return { failure: String(error) + inside('result') };
            }
        };
    }
    return wrapped;
})()
