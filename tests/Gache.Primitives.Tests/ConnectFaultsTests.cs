using System.Net.Sockets;
using Xunit;

namespace Gache.Primitives.Tests;

public sealed class ConnectFaultsTests
{
    [Fact]
    public async Task A_bare_socket_failure_is_one_of_http()
    {
        using var client = new HttpClient(new ConnectFaults(new Failing()));

        HttpRequestException fault = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAsync(new Uri("http://node.test/"), TestContext.Current.CancellationToken));

        Assert.Equal(HttpRequestError.ConnectionError, fault.HttpRequestError);
        Assert.Equal(SocketError.NotConnected, Assert.IsType<SocketException>(fault.InnerException).SocketErrorCode);
    }

    private sealed class Failing : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new SocketException((int)SocketError.NotConnected);
    }
}
