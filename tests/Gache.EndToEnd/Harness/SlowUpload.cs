using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gache.EndToEnd.Harness;

/// <summary>A client that holds a request open: it has sent the head and one byte of the body.</summary>
internal sealed class SlowUpload : IDisposable
{
    private const int BodyBytes = 100;

    private readonly TcpClient connection = new();

    private SlowUpload()
    {
    }

    /// <summary>Begins the upload and waits until the server has asked for the body, so has seen the request.</summary>
    public static async Task<SlowUpload> BeginAsync(Node node, string key)
    {
        var upload = new SlowUpload();
        await upload.connection.ConnectAsync("127.0.0.1", node.Port, TestContext.Current.CancellationToken);
        await upload.WriteAsync(string.Create(
            CultureInfo.InvariantCulture, $"POST /key/{key} HTTP/1.1\r\nHost: {node.Api}\r\nContent-Length: {BodyBytes}\r\nExpect: 100-continue\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 100", await upload.ReadHeadAsync(), StringComparison.Ordinal);
        await upload.WriteAsync("x");
        return upload;
    }

    /// <summary>Sends the rest of the body.</summary>
    /// <returns>The head of the answer.</returns>
    public async Task<string> EndAsync()
    {
        await WriteAsync(new string('x', BodyBytes - 1));
        return await ReadHeadAsync();
    }

    public void Dispose() => connection.Dispose();

    private async Task WriteAsync(string text) =>
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);

    private async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await connection.GetStream().ReadAsync(one, TestContext.Current.CancellationToken) == 0) break;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
