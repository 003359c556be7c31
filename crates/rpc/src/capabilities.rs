//! `tributary_capabilities`: the endpoints of this server, and which of them is asked.

use crate::{
    REALTIME_PATH,
    api::{Api, Module, light},
};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tributary_chain::Endpoint;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "tributary_capabilities", |api, _| Ok(Capabilities::new(api)))
}

/// What a client may choose.
#[derive(Debug, Clone, Serialize)]
struct Capabilities {
    /// The one that was asked.
    endpoint: &'static str,
    endpoints: Endpoints,
}

#[derive(Debug, Clone, Serialize)]
struct Endpoints {
    /// Sealed blocks and nothing else.
    ordinary: Place,
    /// Receipts as soon as they are durable; null where there is none.
    realtime: Option<Place>,
}

/// Where an endpoint is. URLs are as seen from this machine, and null on a server without sockets.
#[derive(Debug, Clone, Serialize)]
struct Place {
    path: &'static str,
    http: Option<String>,
    ws: Option<String>,
}

impl Capabilities {
    fn new(api: &Api) -> Self {
        let endpoint = match api.endpoint {
            Endpoint::Ordinary => "ordinary",
            Endpoint::Realtime => "realtime",
        };
        let place = |path| Place::new(api.address, path);
        Self { endpoint, endpoints: Endpoints { ordinary: place("/"), realtime: api.chain.realtime.then(|| place(REALTIME_PATH)) } }
    }
}

impl Place {
    fn new(address: Option<SocketAddr>, path: &'static str) -> Self {
        let url = |scheme: &str| Some(format!("{scheme}://{}{}", reachable(address?), path.trim_end_matches('/')));
        Self { path, http: url("http"), ws: url("ws") }
    }
}

/// An address that can be connected to, of a server that may listen on all.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_ones_that_can_be_connected_to() {
        let url = |address: &str, path| Place::new(address.parse().ok(), path).http.unwrap();
        assert_eq!(url("0.0.0.0:8545", "/"), "http://127.0.0.1:8545");
        assert_eq!(url("[::]:8545", REALTIME_PATH), "http://[::1]:8545/realtime");
        assert_eq!(url("10.0.0.7:1", REALTIME_PATH), "http://10.0.0.7:1/realtime");
        assert_eq!(Place::new(None, "/").ws, None);
    }
}
