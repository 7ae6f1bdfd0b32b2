using System.Net.Sockets;

namespace Gache.Primitives;

/// <summary>Makes an <see cref="HttpRequestException"/> of every failure to connect, as callers of <see cref="HttpClient"/> expect it.</summary>
/// <remarks>
/// <see cref="SocketsHttpHandler"/> of .NET 10 asks a new connection for its remote address outside of what it wraps: one that is reset just then, as by a
/// node that is killed, fails with a bare <see cref="SocketException"/>, which nobody catches who read the documentation.
/// </remarks>
/// <param name="inner">Who sends; disposed with this.</param>
public sealed class ConnectFaults(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException fault)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, fault.Message, fault);
        }
    }
}
