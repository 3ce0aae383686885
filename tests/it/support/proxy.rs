//! A way to PostgreSQL that can be cut, as if the server had gone away, and restored.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

/// Relays connections to the server that tests use, until it is cut.
pub struct DatabaseProxy {
    address: SocketAddr,
    /// Keeps the port while nobody listens at it, so that connecting is refused and the port stays ours.
    _reserved: TcpSocket,
    server: String,
    way: Mutex<Option<Way>>,
}

/// An open way: who lets connections in, and the connections.
struct Way {
    door: JoinHandle<()>,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

impl DatabaseProxy {
    /// An open way to the server of `DATABASE_URL`.
    pub fn start() -> Self {
        let url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
        let reserved = bound(SocketAddr::from(([127, 0, 0, 1], 0)));
        let proxy = Self {
            address: reserved.local_addr().unwrap(),
            _reserved: reserved,
            server: format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432)),
            way: Mutex::new(None),
        };
        proxy.restore();
        proxy
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        let listener = bound(self.address).listen(64).unwrap();
        let connections = Arc::default();
        let door = tokio::spawn(relay(listener, self.server.clone(), Arc::clone(&connections)));
        let way = Way { door, connections };
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = Some(way);
    }

    /// Ends every connection and refuses new ones, before it returns.
    pub async fn cut(&self) {
        let way = self.way.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Way { door, connections } = way.expect("the way is open");
        door.abort();
        // Its listener is closed when it has ended.
        assert!(door.await.unwrap_err().is_cancelled());
        for connection in connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            connection.abort();
        }
    }
}

async fn relay(listener: TcpListener, server: String, connections: Arc<Mutex<Vec<AbortHandle>>>) {
    loop {
        let (mut program, _) = listener.accept().await.unwrap();
        let server = server.clone();
        let connection = tokio::spawn(async move {
            let mut database = TcpStream::connect(server).await.unwrap();
            // Either end may hang up at any moment.
            let _ = tokio::io::copy_bidirectional(&mut program, &mut database).await;
        });
        connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection.abort_handle());
    }
}
