//! The five calls of the standard and no other (Workload API 2), and what is asked of every request first.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::answer;
use super::connection::Caller;
use super::limits::{REQUEST_LEN_MAX, REQUEST_WAIT};
use super::news::News;
use super::push::{self, Profile};
use super::wire::{
    Empty, JwtSvidRequest, JwtSvidResponse, SERVICE, ValidateJwtSvidRequest,
    ValidateJwtSvidResponse,
};

/// What every request carries, so that nobody can be made to ask by a program that only sends requests
/// (Workload Endpoint 3).
const HEADER: (&str, &[u8]) = ("workload.spiffe.io", b"true");
const X509: &str = "x509-svid";
const JWT: &str = "jwt-svid";

/// Answers one request.
pub(super) async fn call(
    caller: Arc<Caller>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let late = Status::new(Code::DeadlineExceeded, "");
    let answered = tokio::time::timeout(REQUEST_WAIT, dispatch(caller, request)).await;
    Ok(answered.unwrap_or_else(|_| late.into_http()))
}

async fn dispatch(caller: Arc<Caller>, request: Request<Incoming>) -> Response<Body> {
    let mut values = request.headers().get_all(HEADER.0).iter();
    let first = values.next().map(|value| value.as_bytes());
    if first != Some(HEADER.1) || values.next().is_some() {
        let missing = Status::new(
            Code::InvalidArgument,
            "security header missing from request",
        );
        return missing.into_http();
    }
    let path = request.uri().path().to_owned();
    match path.strip_prefix(SERVICE) {
        Some("FetchX509SVID") => {
            let (call, kind) = ("FetchX509SVID", X509);
            let answer = answer::x509_svid;
            streamed(caller, request, Profile { call, kind, answer }).await
        }
        Some("FetchX509Bundles") => {
            let (call, kind) = ("FetchX509Bundles", X509);
            let answer = answer::x509_bundles;
            streamed(caller, request, Profile { call, kind, answer }).await
        }
        Some("FetchJWTBundles") => {
            let (call, kind) = ("FetchJWTBundles", JWT);
            let answer = answer::jwt_bundles;
            streamed(caller, request, Profile { call, kind, answer }).await
        }
        Some("FetchJWTSVID") => once(request, move |asked| fetch_jwt_svid(caller, asked)).await,
        Some("ValidateJWTSVID") => once(request, move |asked| validate(caller, asked)).await,
        // WIT-SVIDs among them (Workload API 7).
        _ => Status::new(Code::Unimplemented, "").into_http(),
    }
}

async fn fetch_jwt_svid(
    caller: Arc<Caller>,
    asked: JwtSvidRequest,
) -> Result<JwtSvidResponse, Status> {
    let answered = caller.answer("FetchJWTSVID", |api, seen| {
        answer::jwt_svid(api, seen, &asked)
    });
    let (who, answer) = answered.await?;
    for id in &answer.ids {
        let (who, kind) = (&who, JWT);
        caller.api.tell(&News::Issued { who, id, kind });
    }
    Ok(answer.message)
}

async fn validate(
    caller: Arc<Caller>,
    asked: ValidateJwtSvidRequest,
) -> Result<ValidateJwtSvidResponse, Status> {
    let answered = caller.answer("ValidateJWTSVID", |api, seen| {
        answer::validate(api, seen, &asked)
    });
    Ok(answered.await?.1)
}

fn grpc<A, B>() -> Grpc<ProstCodec<A, B>>
where
    A: prost::Message + 'static,
    B: prost::Message + Default + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(REQUEST_LEN_MAX)
}

async fn once<A, B, F>(request: Request<Incoming>, answer: impl FnOnce(A) -> F) -> Response<Body>
where
    A: prost::Message + Default + 'static,
    B: prost::Message + 'static,
    F: Future<Output = Result<B, Status>> + Send + 'static,
{
    grpc().unary(Once(Some(answer)), request).await
}

async fn streamed<T>(
    caller: Arc<Caller>,
    request: Request<Incoming>,
    profile: Profile<T>,
) -> Response<Body>
where
    T: prost::Message + Clone + PartialEq + 'static,
{
    grpc()
        .server_streaming(Streamed(caller, Some(profile)), request)
        .await
}

type Boxed<T> = Pin<Box<dyn Future<Output = Result<tonic::Response<T>, Status>> + Send>>;

/// One answer to one request.
struct Once<F>(Option<F>);

impl<A, B, C, F> UnaryService<A> for Once<C>
where
    C: FnOnce(A) -> F,
    F: Future<Output = Result<B, Status>> + Send + 'static,
{
    type Response = B;
    type Future = Boxed<B>;

    fn call(&mut self, request: tonic::Request<A>) -> Self::Future {
        let answer = self.0.take().map(|answer| answer(request.into_inner()));
        Box::pin(async {
            match answer {
                Some(answer) => answer.await.map(tonic::Response::new),
                None => Err(Status::new(Code::Internal, "")),
            }
        })
    }
}

/// Many answers to one request without parameters.
struct Streamed<T>(Arc<Caller>, Option<Profile<T>>);

impl<T> ServerStreamingService<Empty> for Streamed<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    type Response = T;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
    type Future = Boxed<Self::ResponseStream>;

    fn call(&mut self, _: tonic::Request<Empty>) -> Self::Future {
        let stream = self.1.take().map(|profile| push::stream(&self.0, profile));
        Box::pin(async {
            let stream = stream.ok_or_else(|| Status::new(Code::Internal, ""))?;
            let stream: Self::ResponseStream = Box::pin(stream);
            Ok(tonic::Response::new(stream))
        })
    }
}
