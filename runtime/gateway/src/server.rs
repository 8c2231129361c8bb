//! Sockets: where the gateway listens, how long a client may take, and how it stops.

use crate::{
    config::{Config, ConfigError, Limits, Listen},
    door::door,
    follow,
    gateway::{BeginError, Gateway},
    owner,
    upstream::{Upstream, UpstreamError},
};
use agentpol_runtime::Gate;
use alloy::signers::Signer;
use axum::Router;
use core::fmt;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{
    fs,
    future::Future,
    io,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Bytes of a request's head.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Fields of a request's head.
pub const MAX_HEADERS: usize = 64;
/// After an error in taking a connection (too many open files, mostly).
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Why the gateway does not run.
#[derive(Debug)]
pub enum ServeError {
    /// It does not begin.
    Begin(BeginError),
    /// The node's address cannot be used.
    Upstream(UpstreamError),
    /// It cannot listen there.
    Listen(io::Error),
    /// Nor there, for its owner.
    Control(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Begin(e) => e.fmt(f),
            ServeError::Upstream(e) => e.fmt(f),
            ServeError::Listen(e) => write!(f, "it cannot listen there: {e}"),
            ServeError::Control(e) => write!(f, "its owner's socket cannot be made: {e}"),
        }
    }
}

impl std::error::Error for ServeError {}

pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// A gateway that listens, and answers once it is [run](Server::run).
pub struct Server {
    gateway: Arc<Gateway>,
    socket: Socket,
    /// Where the owner and approvers connect.
    control: Option<Socket>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

/// Listens and answers until `shutdown` is over; then finishes what it is answering.
pub async fn serve<S>(
    config: Config,
    gate: Arc<Gate<S>>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    S: Signer + Send + Sync + 'static,
{
    Server::bind(config, gate).await?.run(shutdown).await;
    Ok(())
}

impl Server {
    /// Checks the configuration and the node, and listens.
    pub async fn bind<S>(config: Config, gate: Arc<Gate<S>>) -> Result<Self, ServeError>
    where
        S: Signer + Send + Sync + 'static,
    {
        let told = |e: ConfigError| ServeError::Begin(BeginError::Config(e));
        config.check().map_err(told)?;
        let chain = config.chain_of(&gate.policy().terms().chains).map_err(told)?;
        let node = Upstream::new(&config.upstream, chain).map_err(ServeError::Upstream)?;
        let socket = match &config.listen {
            Listen::Tcp(at) => Socket::Tcp(TcpListener::bind(at).await.map_err(ServeError::Listen)?),
            Listen::Unix(path) => Socket::unix(path).map_err(ServeError::Listen)?,
        };
        let control = match &config.control {
            Some(path) => Some(Socket::unix(path).map_err(ServeError::Control)?),
            None => None,
        };
        let gateway = Gateway::begin(config, gate, Arc::new(node)).await.map_err(ServeError::Begin)?;
        Ok(Self { gateway, socket, control })
    }

    /// The address that it listens at, with the port that the system chose.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            Socket::Unix(..) => None,
        }
    }

    /// Answers until `shutdown` is over; then finishes what it is answering.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let limits = self.gateway.config.limits.clone();
        let follower =
            (!self.gateway.config.no_chain).then(|| tokio::spawn(follow::follow(self.gateway.clone())));
        let (door, router) = door(self.gateway.clone());
        let agents = Connections::new(router, &limits);
        let owners = Connections::new(owner::router(self.gateway.clone()), &limits);
        let owner_comes = async {
            match &self.control {
                Some(control) => owners.accept(control).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = agents.accept(&self.socket) => {}
            () = owner_comes => {}
            () = shutdown => {}
        }
        tracing::info!("stopping");
        let all = async {
            owners.graceful.shutdown().await;
            agents.graceful.shutdown().await;
            door.idle().await;
        };
        finish(all, limits.shutdown_ms).await;
        if let Some(follower) = follower {
            follower.abort();
        }
        for socket in [Some(&self.socket), self.control.as_ref()].into_iter().flatten() {
            if let Socket::Unix(_, path) = socket {
                // Whoever comes next makes its own.
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Socket {
    /// One that only its owner can open.
    fn unix(path: &Path) -> io::Result<Self> {
        Ok(Socket::Unix(private(path)?, path.to_owned()))
    }
}

/// What connections have in common.
pub(crate) struct Connections {
    router: Router,
    pub(crate) graceful: GracefulShutdown,
    free: Arc<Semaphore>,
    head: Duration,
}

impl Connections {
    pub(crate) fn new(router: Router, limits: &Limits) -> Self {
        Self {
            router,
            graceful: GracefulShutdown::new(),
            free: Arc::new(Semaphore::new(limits.connections)),
            head: Duration::from_millis(limits.head_ms),
        }
    }

    pub(crate) async fn accept(&self, socket: &Socket) {
        loop {
            // Whoever comes when all are taken waits at the system's door.
            let Ok(permit) = self.free.clone().acquire_owned().await else { return };
            match socket {
                Socket::Tcp(listener) => match listener.accept().await {
                    Ok((stream, _)) => {
                        // It only makes answers quicker.
                        let _ = stream.set_nodelay(true);
                        self.open(stream, permit);
                    }
                    Err(e) => refused(&e).await,
                },
                Socket::Unix(listener, _) => match listener.accept().await {
                    Ok((stream, _)) => self.open(stream, permit),
                    Err(e) => refused(&e).await,
                },
            }
        }
    }

    fn open(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        permit: OwnedSemaphorePermit,
    ) {
        let service = TowerToHyperService::new(self.router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(e) = connection.await {
                tracing::debug!("a connection broke: {e}");
            }
        });
    }
}

async fn refused(error: &io::Error) {
    tracing::warn!("a connection could not be taken: {error}");
    tokio::time::sleep(AFTER_ERROR).await;
}

/// Answers that are under way are finished, as far as the time goes.
pub(crate) async fn finish(all: impl Future<Output = ()>, within_ms: u64) {
    if tokio::time::timeout(Duration::from_millis(within_ms), all).await.is_err() {
        tracing::warn!("stopped before every answer was finished");
    }
}

/// A unix socket that only its owner can open, from its first moment: it is made in a folder of its own and moved.
fn private(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        // A socket that nobody listens at is left over from a run that was killed.
        Ok(old) if old.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens there already"));
            }
            fs::remove_file(path)?;
        }
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else stands there")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let mut folder = path.as_os_str().to_owned();
    folder.push(format!(".{}", std::process::id()));
    let folder = PathBuf::from(folder);
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let made = folder.join("s");
    let listener = UnixListener::bind(&made).and_then(|listener| {
        fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
        fs::rename(&made, path)?;
        Ok(listener)
    });
    fs::remove_dir(&folder)?;
    listener
}
